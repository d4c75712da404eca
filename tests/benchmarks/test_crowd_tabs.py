"""The crowd fills what a server holds before its memory is counted."""

from __future__ import annotations

from benchmarks.crowd import EARLY, TABS
from recommender.settings import Settings
from recommender.ui.server import IDLE_TABS, SPARE_RUNS


def test_more_tabs_are_opened_than_a_server_holds() -> None:
    settings = Settings()
    assert settings.at_once + settings.queue + SPARE_RUNS + IDLE_TABS < TABS + EARLY
