"""The crowd fills what a server holds before its memory is counted, and tells where that grows."""

from __future__ import annotations

from benchmarks.crowd import EARLY, TABS, Crowd
from recommender.settings import Settings
from recommender.ui.server import IDLE_TABS, SPARE_RUNS


def test_more_tabs_are_opened_than_a_server_holds() -> None:
    settings = Settings()
    assert settings.at_once + settings.queue + SPARE_RUNS + IDLE_TABS < TABS + EARLY


def test_memory_that_grows_shows_however_short_the_time() -> None:
    for seconds in (5, 31, 301):
        crowd = Crowd(1, seconds=seconds, rss=[800.0 + n for n in range(seconds)], own=[700.0] * 3)
        figures = crowd.figures()
        rss = figures["rss_mb"]
        assert rss["start"] < rss["middle"] < rss["end"] <= 800 + seconds
        assert rss["end"] - rss["start"] > 0.6 * seconds
        assert set(figures["own_mb"].values()) == {700.0}
