"""The Judge page for annotators and the page of campaigns for their owner.

Both are drawn by the browser from what the server answers to their tokens (`judging_api`),
so that nothing of a campaign is in the page as such.
"""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

from recommender.ui.cards import HERE

JUDGE_JS = (HERE / "judge.js").read_text(encoding="utf-8")
OWNER_JS = "".join((HERE / name).read_text(encoding="utf-8") for name in ("judged.js", "owner.js"))


def build(app: gr.Blocks, recommender: Any, head: str) -> None:
    """Draw the Judge page within `app`, below its head."""
    with gr.Row(elem_id="top"):
        gr.HTML(head, padding=False)
        if os.environ.get("OAUTH_CLIENT_ID"):  # without one the button can't be built
            gr.LoginButton(scale=0, min_width=96, size="sm")
    gr.HTML(
        "", html_template='<div class="judge"></div>', js_on_load=JUDGE_JS,
        apply_default_css=False, elem_id="judge",
    )  # fmt: skip


def build_owner(app: gr.Blocks, recommender: Any, head: str) -> None:
    """Draw the owner's page within `app`, below its head."""
    with gr.Row(elem_id="top"):
        gr.HTML(head, padding=False)
    gr.HTML(
        "", html_template='<div class="owner"></div>', js_on_load=OWNER_JS,
        apply_default_css=False, elem_id="owner",
    )  # fmt: skip
