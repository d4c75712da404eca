"""The Chat page: its layout, and which event calls which handler."""

from __future__ import annotations

import html
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import gradio as gr
from gradio.events import api

from recommender.store import KEPT
from recommender.ui import cards, conversation, understood, visitor
from recommender.ui.api import endpoints
from recommender.ui.gate import Gate
from recommender.ui.handlers import START, WELCOME, Handlers
from recommender.ui.line import Line
from recommender.ui.marks import Marks
from recommender.ui.model_line import failure_line
from recommender.ui.own_file import GENERIC_EXAMPLES, OWN_FILE_JS, OwnFile, Tab, own_value
from recommender.ui.panel import Panel
from recommender.ui.replying import Replying

log = logging.getLogger(__name__)

STORAGE_KEY = "instructrec-chat"
STORAGE_SECRET = "not-a-secret"  # it reaches every browser; only an id is kept there
RANKING = ("recommend", "edit")  # the endpoints that wait in our own line, not in Gradio's
LOOK_EVERY_S = 1.0  # for the language model, while it is loading
OWN = "own"  # one visitor's file is read at a time
# A keyboard is at hand where a pointer can hover; on a phone, focus would raise one.
FOCUS_JS = """() => {
  if (matchMedia('(hover: hover)').matches) document.querySelector('#words textarea')?.focus();
}"""


def build(app: gr.Blocks, recommender: Any, head: str) -> None:
    """Draw the Chat page within `app`, below its head, and open the public endpoints."""
    catalog = recommender.catalog
    examples = tuple(getattr(catalog, "examples", ())) or GENERIC_EXAMPLES
    line = Line(recommender.settings.at_once, recommender.settings.queue)
    handlers = Handlers(recommender, examples, line)
    _wire(app, handlers, _layout(handlers, html.escape(catalog.nouns), head))
    for name, endpoint in endpoints(recommender, line).items():
        own_line = {"concurrency_limit": None} if name in RANKING else {}
        api(endpoint, api_name=name, **own_line)


def _layout(handlers: Handlers, nouns: str, head: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    parts["browser"] = gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
    parts["gate"] = gr.State(Gate())
    parts["tab"] = gr.State(Tab(), delete_callback=Tab.drop)
    with gr.Row(elem_id="top"):
        gr.HTML(head, padding=False)
        parts["own"] = gr.HTML(
            own_value(), html_template='<div class="own"></div>', js_on_load=OWN_FILE_JS,
            apply_default_css=False, elem_id="own",
        )  # fmt: skip
        parts["clear"] = gr.Button("Start over", elem_id="clear", size="sm", scale=0, min_width=96)
    with gr.Row(elem_id="room"):
        with gr.Column(elem_id="talk", scale=3, min_width=280):
            parts["chatbot"] = gr.Chatbot(
                elem_id="conversation", show_label=False, label="Conversation",
                render_markdown=False, sanitize_html=True, allow_tags=False,
                latex_delimiters=[], editable="user", buttons=["copy"], layout="bubble",
                placeholder=f"<h2>What are you in the mood for?</h2><p>Say it in your own words. "
                f"Name {nouns} you liked, what to leave out, who is with you.</p>",
                height="100%", feedback_options=None,
            )  # fmt: skip
            parts["chips"] = gr.HTML(
                cards.chips_value(START, handlers.examples), elem_id="next",
                html_template='<div class="chips" role="group" aria-label="Suggestions"></div>',
                js_on_load=cards.CHIPS_JS, apply_default_css=False,
            )  # fmt: skip
            with gr.Row(elem_id="composer"):
                parts["composer"] = gr.Textbox(
                    show_label=False, label="Your message", container=False,
                    placeholder="Tell me what you would like", lines=1, max_lines=6,
                    elem_id="words", scale=1,
                )  # fmt: skip
                parts["send"] = gr.Button("Send", variant="primary", elem_id="send", scale=0,
                                          min_width=84)  # fmt: skip
                parts["stop"] = gr.Button("Stop", variant="stop", elem_id="stop", scale=0,
                                          min_width=84, visible=False)  # fmt: skip
            parts["consent"] = gr.Radio(
                list(visitor.CHOICES), value=KEPT, elem_id="consent",
                label=visitor.told(handlers.recommender.settings.retention_days),
            )  # fmt: skip
            parts["line"] = gr.HTML(handlers.line(), elem_id="line", padding=False)
            parts["loading"] = gr.Timer(LOOK_EVERY_S, active=False)
        with gr.Column(elem_id="picks", scale=2, min_width=240):
            parts["panel"] = gr.HTML(
                handlers.panel(None), html_template='<div class="panel"></div>',
                js_on_load=understood.PANEL_JS, apply_default_css=False, elem_id="understood",
            )  # fmt: skip
            gr.HTML('<h2 class="picks-title">Picks</h2>', padding=False)
            parts["cards"] = gr.HTML(
                cards.cards_value(handlers.recommender.catalog, "", (), {}, WELCOME),
                html_template='<div class="cards"><div class="rail"></div></div>',
                js_on_load=cards.CARDS_JS, apply_default_css=False, elem_id="cards",
            )  # fmt: skip
    return parts


def _wire(page: gr.Blocks, handlers: Handlers, parts: dict[str, Any]) -> None:
    browser, chatbot, gate = parts["browser"], parts["chatbot"], parts["gate"]
    composer, shown, panel = parts["composer"], parts["cards"], parts["panel"]
    marks, held, own = Marks(handlers), Panel(handlers), OwnFile(handlers)
    replying = Replying(handlers)
    tab = parts["tab"]
    talk = [parts[n] for n in ("chatbot", "cards", "panel", "chips", "line", "send", "stop")]
    everything = [*talk, composer, browser, parts["consent"], parts["own"]]
    asked = [browser, chatbot, gate, parts["consent"]]
    at_once: dict[str, Any] = {
        "queue": False, "show_progress": "hidden", "api_visibility": "private",
        "trigger_mode": "multiple",
    }  # fmt: skip

    def named(update: dict[str, Any]) -> Any:
        return {parts[name]: value for name, value in update.items()} or gr.skip()

    def safe(handler: Callable[..., dict[str, Any]], *args: Any) -> Any:
        """A failure becomes a line under the composer; its trace goes to the log alone."""
        try:
            return named(handler(*args))
        except Exception:
            log.exception("%s failed", handler.__name__)
            return named({"line": failure_line()})

    def begin(words: str, browser: Any, history: Any, gate: Gate, consent: Any) -> Any:
        return safe(handlers.begin, words, browser, history, gate, consent)

    def choose(browser: Any, history: Any, gate: Gate, consent: Any, event: gr.EventData) -> Any:
        return safe(handlers.begin, _data(event).get("text"), browser, history, gate, consent)

    def more(browser: Any, history: Any, gate: Gate, event: gr.EventData) -> Any:
        return safe(marks.more_like, _data(event), browser, history, gate)

    def retry(browser: Any, history: Any, gate: Gate, event: gr.RetryData) -> Any:
        return safe(handlers.again, None, _place(event), browser, history, gate)

    def reword(browser: Any, history: Any, gate: Gate, event: gr.EditData) -> Any:
        return safe(handlers.again, _words(event.value), _place(event), browser, history, gate)

    def revise(browser: Any, history: Any, gate: Gate, consent: Any, event: gr.EventData) -> Any:
        return safe(held.revise, _data(event), browser, history, gate, consent)

    def undo(browser: Any, history: Any, gate: Gate) -> Any:
        return safe(handlers.undo, browser, history, gate)

    def rate(browser: Any, shown: Any, event: gr.EventData) -> Any:
        return safe(marks.rate, _data(event), browser, shown)

    def look(tab: Tab, event: gr.EventData) -> Any:
        return safe(own.look, _data(event), tab)

    def take(browser: Any, tab: Tab, gate: Gate, event: gr.EventData) -> Iterator[Any]:
        for update in own.take(_data(event), browser, tab, gate):
            yield named(update)

    async def stream(gate: Gate, request: gr.Request) -> AsyncIterator[Any]:
        async with aclosing(replying.stream(gate, request)) as updates:
            async for update in updates:
                yield named(update)

    asking: list[tuple[Callable[..., Any], Callable[..., Any], list[Any]]] = [
        (composer.submit, begin, [composer, *asked]),
        (parts["send"].click, begin, [composer, *asked]),
        (parts["chips"].choose, choose, asked),
        (shown.more, more, [browser, chatbot, gate]),
        (panel.revise, revise, asked),
        (chatbot.retry, retry, [browser, chatbot, gate]),
        (chatbot.edit, reword, [browser, chatbot, gate]),
    ]
    streams = [
        event(function, inputs, everything, **at_once).success(
            stream, [gate], talk, concurrency_limit=None, api_visibility="private",
            show_progress="hidden", trigger_mode="multiple",
        )
        for event, function, inputs in asking
    ]  # fmt: skip
    parts["stop"].click(
        lambda history, gate: safe(handlers.stop, history, gate),
        [chatbot, gate], talk, cancels=streams, **at_once,
    )  # fmt: skip
    for forget in (parts["clear"].click, chatbot.clear, panel.forget):
        forget(
            lambda browser, gate: safe(own.clear, browser, gate),
            [browser, gate], everything, cancels=streams, **at_once,
        )  # fmt: skip
    reading: dict[str, Any] = {
        **at_once,
        "queue": True,
        "concurrency_id": OWN,
        "concurrency_limit": 1,
    }
    parts["own"].look(look, [tab], everything, **reading)
    parts["own"].take(take, [browser, tab, gate], everything, **reading)
    panel.export(lambda browser: safe(held.export, browser), [browser], everything, **at_once)
    chatbot.undo(undo, [browser, chatbot, gate], everything, **at_once)
    shown.rate(rate, [browser, shown], everything, **at_once)
    parts["loading"].tick(
        lambda gate: safe(handlers.loading, gate), [gate], [parts["line"], parts["loading"]],
        **at_once,
    )  # fmt: skip
    page.load(None, js=FOCUS_JS, api_visibility="private")
    page.load(
        lambda browser: safe(own.restore, browser), [browser], [*everything, parts["loading"]],
        **at_once,
    )  # fmt: skip


def _data(event: gr.EventData) -> dict[str, Any]:
    data = event._data
    return data if isinstance(data, dict) else {}


def _place(event: gr.RetryData | gr.EditData) -> Any:
    index = event.index
    return index[0] if isinstance(index, (list, tuple)) and index else index


def _words(value: Any) -> str:
    return conversation.text_of({"content": value})
