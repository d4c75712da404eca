"""The Results page: what evaluations measured, from the records of their runs."""

from __future__ import annotations

from typing import Any

import gradio as gr


def build(app: gr.Blocks, recommender: Any, head: str) -> None:
    """Draw the page within `app`, below its head."""
    with gr.Row(elem_id="top"):
        gr.HTML(head, padding=False)
