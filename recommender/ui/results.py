"""The Results page: what evaluations measured, read anew at every visit."""

from __future__ import annotations

from typing import Any

import gradio as gr

from recommender.ui import judged
from recommender.ui.measured import RESULTS_JS, measured_value


def build(app: gr.Blocks, recommender: Any, head: str) -> None:
    """Draw the page within `app`, below its head."""
    runs = recommender.settings.runs_path
    with gr.Row(elem_id="top"):
        gr.HTML(head, padding=False)
    shown = gr.HTML(
        "", html_template='<div class="results"></div>', js_on_load=RESULTS_JS,
        apply_default_css=False, elem_id="results",
    )  # fmt: skip
    judged.section()
    app.load(
        lambda: measured_value(runs), None, shown, queue=False, show_progress="hidden",
        api_visibility="private",
    )  # fmt: skip
