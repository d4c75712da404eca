"""The look of the page in Gradio's own terms; `style.css` holds the rest.

Fonts are named, never fetched.
"""

from __future__ import annotations

import gradio as gr

SANS = ("Seravek", "Avenir Next", "Segoe UI Variable Text", "Segoe UI", "Ubuntu", "system-ui",
        "sans-serif")  # fmt: skip


def theme() -> gr.themes.Base:
    return gr.themes.Base(font=list(SANS), font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#eef2ef", body_background_fill_dark="#0e1513",
        body_text_color="#16241f", body_text_color_dark="#e4ede7",
        body_text_color_subdued="#51625b", body_text_color_subdued_dark="#9fb2a8",
        background_fill_primary="#ffffff", background_fill_primary_dark="#16201d",
        background_fill_secondary="#f6f9f7", background_fill_secondary_dark="#1b2723",
        border_color_primary="#d3ddd7", border_color_primary_dark="#2c3b35",
        color_accent="#0f5c4a", color_accent_soft="#dcebe4", color_accent_soft_dark="#1d3a31",
        button_primary_background_fill="#0f5c4a", button_primary_background_fill_dark="#7fd1b2",
        button_primary_background_fill_hover="#0b4a3b",
        button_primary_background_fill_hover_dark="#9be0c6",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#0b1a15",
        block_background_fill="transparent", block_background_fill_dark="transparent",
        block_border_width="0px", block_shadow="none", layout_gap="12px",
        input_background_fill="transparent", input_background_fill_dark="transparent",
        link_text_color="#0f5c4a", link_text_color_dark="#7fd1b2",
    )  # fmt: skip
