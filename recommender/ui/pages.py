"""The pages of the app, and the way from one to another.

A page is one line of `PAGES`: its name, its path, and what builds it. Promises that every
page begins with the same head, whose links are relative, so that the app may stand below a
path of its own.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from recommender.annotation.service import ANNOTATE, OWNER
from recommender.ui import chat, judge, results

# Uploads that nobody took up are looked for so often, and erased when they are so old.
SWEEP_S = (300, 1800)
QUEUE = 64  # events that may wait for Gradio; who wants a reply waits in the line of `chat`


@dataclass(frozen=True)
class Page:
    """`build` draws the page within `app` and below `head`, the HTML of its head.

    A page that is not `listed` is reached by who knows its path; the head names it to nobody.
    """

    name: str
    path: str  # below the root; "" is the page that the app opens with
    build: Callable[[gr.Blocks, Any, str], None]
    listed: bool = True


PAGES = (
    Page("Chat", "", chat.build),
    Page("Results", "results", results.build),
    Page("Judge", ANNOTATE, judge.build, listed=False),
    Page("Campaigns", OWNER, judge.build_owner, listed=False),
)


def build_pages(recommender: Any) -> gr.Blocks:
    """The `gr.Blocks` of all pages over `recommender`, ready to be served."""
    app = gr.Blocks(
        title="InstructRec Chat", analytics_enabled=False, fill_width=True, fill_height=True,
        delete_cache=SWEEP_S,
    )  # fmt: skip
    for page in PAGES:
        # Gradio's own bar of links is left out: it stands outside of the page's head.
        place = app.route(page.name, page.path, show_in_navbar=False) if page.path else app
        with place:
            page.build(app, recommender, head(page))
    app.queue(max_size=QUEUE)
    return app


def head(current: Page) -> str:
    """The name of the app and links to its pages, as HTML; only the first page names itself
    by a heading of its own, since the others have one."""
    links = "".join(_link(page, current) for page in PAGES if page.listed)
    name = "h1" if not current.path else "p"
    return (
        f'<div class="masthead"><{name} class="name">InstructRec</{name}>'
        f'<nav class="pages" aria-label="Pages">{links}</nav></div>'
    )


def _link(page: Page, current: Page) -> str:
    here = ' aria-current="page"' if page is current else ""
    return f'<a href="./{html.escape(page.path)}"{here}>{html.escape(page.name)}</a>'
