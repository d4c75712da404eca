"""The one public endpoint: a recommendation in one call, for programs and for MCP clients."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from recommender.dialogue import Done
from recommender.ui import zero_gpu

log = logging.getLogger(__name__)


def recommend_endpoint(recommender: Any) -> Callable[..., dict[str, Any]]:
    """`recommend` over `recommender`, its bounds checked before anything is begun."""
    most = recommender.settings.candidates

    def recommend(utterance: str, session: str = "", picks: int = 3) -> dict[str, Any]:
        """Recommend items for a wish in plain words, with reasons and their evidence.

        Args:
            utterance: What is wished for, for example "a calm one from the sixties".
            session: The session of an earlier answer, to go on from it; empty for a new one.
            picks: How many items to return.
        """
        if not isinstance(utterance, str) or not utterance.strip():
            raise refusal("utterance is empty; say in words what is wished for")
        if isinstance(picks, bool) or not isinstance(picks, int) or not 1 <= picks <= most:
            raise refusal(f"picks is {picks!r}; expected a whole number from 1 to {most}")
        if not isinstance(session, str):
            raise refusal("session is not text; pass the session of an earlier answer, or ''")
        try:
            known = recommender.session(session) if session else recommender.open_session()
        except LookupError:
            raise refusal("no such session; leave it empty to open a new one") from None
        begun = False
        try:
            for event in zero_gpu.reply(known.id, utterance, picks):
                begun = True
                if isinstance(event, Done):
                    return event.reply.as_dict()
        except Exception as error:
            if isinstance(error, ValueError) and not begun:
                raise refusal(str(error)) from None
            log.exception("recommend failed")
        raise refusal("the recommendation failed on this side; please try again")

    return recommend


def refusal(line: str) -> gr.Error:
    """An error that the caller reads in full and that leaves no trace in the log."""
    return gr.Error(line, print_exception=False)
