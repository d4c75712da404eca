"""What annotators found, as a section for the Results page: one call puts it there."""

from __future__ import annotations

import gradio as gr

from recommender.ui.cards import HERE

SECTION_JS = "".join(
    (HERE / name).read_text(encoding="utf-8") for name in ("judged.js", "judged_section.js")
)


def section() -> gr.HTML:
    """Figures of all campaigns, drawn for the owner alone; others see nothing of them."""
    return gr.HTML(
        "", html_template='<div class="judged results"></div>', js_on_load=SECTION_JS,
        apply_default_css=False, elem_id="judged",
    )  # fmt: skip
