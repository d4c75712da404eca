"""Guidelines in Markdown as HTML that can do nothing: no tags of its own, no other hosts."""

from __future__ import annotations

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def as_html(text: str) -> str:
    """HTML of Markdown; tags in it come out as text, and links to scripts not at all."""
    return str(_MARKDOWN.render(text))
