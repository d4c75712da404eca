"""What the benchmark of joining keeps in an adapter's card."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.joining import keep
from recommender.adapter_card import LANGUAGE_MODEL, RANKING, Card, Figure, read_card, write_card


@pytest.mark.parametrize(("low", "default"), [(0.01, True), (-0.01, False), (0.0, False)])
def test_the_share_is_kept_and_only_a_sure_gain_makes_a_default(
    tmp_path: Path, low: float, default: bool
) -> None:
    old = (Figure("loss", 1.0, "tune"), Figure("gain", 9.0, "before"))
    card = Card(
        LANGUAGE_MODEL, (RANKING,), "base", "0", "t", "f", "1", "2", "today", "CC0-1.0", figures=old
    )
    write_card(tmp_path, card)
    keep(tmp_path, 0.4, low, {"gain": 0.123456})
    kept = read_card(tmp_path)
    assert kept is not None
    assert kept.default is default
    assert kept.weights == {"rank_weight": 0.4}
    assert [(f.what, f.value) for f in kept.figures] == [("loss", 1.0), ("gain", 0.12346)]
