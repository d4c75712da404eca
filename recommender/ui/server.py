"""Serving the page: one process, no request to any other host, and a strict content policy."""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import sys
import threading
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
# Gradio sums its statistics up after every event, over as many as it keeps.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "20")

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from prompts.templates import TemplateError
from recommender.settings import Settings
from recommender.store import StoreError
from recommender.ui.judging_api import judging_routes
from recommender.ui.memory import give_back, let_go, mapped, settle
from recommender.ui.own_file import MOST_BYTES
from recommender.ui.pages import PAGES, build_pages
from recommender.ui.presence import WatchPresence
from recommender.ui.theme import theme
from retrieval.catalog import CatalogError
from retrieval.encoder import EncoderError
from retrieval.interactions import InteractionsError

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
PATHS = {f"/{page.path}" for page in PAGES}
SPARE_RUNS = 32  # of handlers, beside the visitors of the line
# Tabs whose state Gradio holds, a megabyte each, beside those that are served or wait; the longest
# idle go first.
IDLE_TABS = 32
TIDY_S = 3600.0  # what is too old to be kept is looked for so often, with or without visitors
LET_GO_S = 60.0  # files of models are let go of so often; what is needed of them comes back
REHEARSED = "surprise me"
MAX_UPLOAD = MOST_BYTES  # Gradio's upload route is open to anybody
# Gradio compiles the templates of its HTML components, hence 'unsafe-eval', and starts from
# inline scripts. Inline event handlers, the way injected markup would run, stay forbidden.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    )
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


class ContentPolicy:
    """Adds the headers to every answer, streams included, without holding any back.

    The pages themselves are compressed here, since Gradio compresses only its assets.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.compressed = GZipMiddleware(app, minimum_size=1_000)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kept = [(k, v) for k, v in message["headers"] if k.lower() not in HEADERS]
                message = {**message, "headers": [*kept, *HEADERS.items()]}
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] in PATHS:
            await self.compressed(scope, receive, with_headers)
        else:
            await self.app(scope, receive, with_headers)


def launch(settings: Settings) -> None:
    """Serve the page until interrupted; encoder and language model are loaded beside it.

    Ends the process with one line and status 1 where the port is taken, before anything
    heavy is loaded, and where something is missing without which nothing can be found.
    """
    give_back()  # before there is anything to hold
    host = address(settings)
    require_free(host, settings.port)
    from recommender.evaluation.app_rankers import open_recommender

    # A Space with ZeroGPU forks for every reply, so the model has to be there before.
    beside = not os.environ.get("SPACES_ZERO_GPU")
    try:
        recommender = open_recommender(settings, in_background=beside, progress=True)
    except (CatalogError, EncoderError, InteractionsError, StoreError, TemplateError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    tidying = threading.Thread(target=keep_tidy, args=(recommender, threading.Event()), daemon=True)
    tidying.start()
    page = build_pages(recommender)
    runs = settings.at_once + settings.queue + SPARE_RUNS
    serve(page, host, settings.port, routes=judging_routes(recommender), runs=runs)
    try:
        recommender.wait()
    except EncoderError as error:
        print(f"error: {error}", file=sys.stderr)
        page.close()
        raise SystemExit(1) from None
    model = recommender.describe_model()
    print(f"Answers by {model['language_model'] or 'no language model'}", flush=True)
    models = settings.data / "models"
    if beside:
        rehearse(recommender, models)
    settle()
    let_go(mapped(models))
    easing = threading.Thread(target=keep_small, args=(models, threading.Event()), daemon=True)
    easing.start()
    page.block_thread()


def rehearse(recommender: Any, models: Path) -> None:
    """Answer a wish of nobody's, of which nothing is kept, and warm up: so no visitor has to wait
    for what a model prepares. A failure is logged; the page serves all the same."""
    let_go(mapped(models))  # what was read of them while they were loaded
    try:
        session = recommender.open_session("")
        try:
            for _ in recommender.reply(session.id, REHEARSED):
                pass
        finally:
            recommender.forget(session.id)
        let_go(mapped(models))  # which are packed now, before room is taken for more
        recommender.warm_up()
    except Exception:
        log.exception("nobody's wish could not be answered")


def keep_tidy(recommender: Any, ended: Any) -> None:
    """Hold what is kept within its retention until `ended`, an event, is set; a failure is
    logged, and the next time it is tried again."""
    while not ended.wait(TIDY_S):
        try:
            recommender.keep_within_retention()
        except Exception:
            log.exception("what is too old could not be forgotten")


def keep_small(models: Path, ended: Any) -> None:
    """Let go of the files of models now and then until `ended`, an event, is set: of their
    tables of words every turn reads a few more pages, which would all stay.

    Only of those that are there from the start: a campaign's models come and go."""
    staying = mapped(models)
    while not ended.wait(LET_GO_S):
        let_go(staying & mapped(models))


def address(settings: Settings) -> str:
    """The host to listen on: on a Space all of them, unless the settings name one."""
    on_space = bool(os.environ.get("SPACE_ID")) and settings.host == Settings.host
    return "0.0.0.0" if on_space else settings.host


def require_free(host: str, port: int) -> None:
    """Exit with status 1 and one clear line where `port` can't be listened on."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        print(
            f"can't listen on {host}:{port}: {error.strerror}; end what listens there, "
            f"or set another port with INSTRUCTREC_PORT",
            file=sys.stderr,
        )
        raise SystemExit(1) from None


def serve(
    page: Any, host: str, port: int, *, routes: Sequence[BaseRoute] = (), runs: int = 40
) -> None:
    """Begin to serve `page`, and `routes` beside it; at most `runs` handlers run at once."""
    require_free(host, port)
    _, url, _ = page.launch(
        server_name=host, server_port=port, prevent_thread_lock=True, quiet=True,
        share=False, ssr_mode=False, inbrowser=False, footer_links=[], show_error=False,
        max_file_size=MAX_UPLOAD, max_threads=runs, state_session_capacity=runs + IDLE_TABS,
        mcp_server=importlib.util.find_spec("mcp") is not None,
        app_kwargs={
            "middleware": [Middleware(ContentPolicy), Middleware(WatchPresence)],
            "routes": [Mount("/fonts", StaticFiles(directory=HERE / "fonts")), *routes],
        },
        theme=theme(),
        css="".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.css"))),
        head=f"<script>{(HERE / 'composer.js').read_text(encoding='utf-8')}</script>",
    )  # fmt: skip
    if page.mcp_error:
        log.warning("no MCP endpoint: %s; Gradio needs mcp 1.x", page.mcp_error)
    print(f"InstructRec Chat listens on {url}", flush=True)
