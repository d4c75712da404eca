"""What one utterance says, as plain data: items, limits, leanings, comparisons, wish.

The reader fills a `Reading`; nothing here looks at words. Bounds are compared here, since
both the reader and what follows it must know which of them can hold together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from retrieval.limits import Limit


@dataclass(frozen=True)
class ItemRead:
    """Item ids that a title may mean, with what the user said of them."""

    ids: tuple[str, ...]
    liked: bool
    disliked: bool
    seen: bool
    words: str


@dataclass(frozen=True)
class LimitRead:
    """A limit. `instead` holds where what it rules out is asked for: "horror, not too scary".

    `vague` ones ("classic") give way to stated bounds ("a classic from the 90s").
    """

    limit: Limit
    words: str
    instead: Limit | None = None
    vague: bool = False


@dataclass(frozen=True)
class LeaningRead:
    field: str
    values: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class ComparisonRead:
    """More (+1) or less (-1) of a number than what was shown: "newer", "shorter"."""

    field: str
    direction: int
    words: str


@dataclass
class Reading:
    """What one utterance says, apart from the conversation around it."""

    text: str
    items: list[ItemRead] = field(default_factory=list)
    limits: list[LimitRead] = field(default_factory=list)
    comparisons: list[ComparisonRead] = field(default_factory=list)
    leanings: list[LeaningRead] = field(default_factory=list)
    tastes: list[str] = field(default_factory=list)
    taste_leanings: list[LeaningRead] = field(default_factory=list)
    context: list[tuple[str, str]] = field(default_factory=list)  # (kind, words)
    wish: str = ""
    permitted: list[Limit] = field(default_factory=list)  # "subtitles are fine"
    fragment: bool = False  # values and no sentence around them: "french maybe"

    @property
    def names_values(self) -> bool:
        """Whether it says what items should be like, beyond items and words to search by."""
        return bool(
            self.limits or self.comparisons or self.leanings or self.tastes
            or self.taste_leanings or self.context or self.permitted
        )  # fmt: skip


def overrules(stated: Limit, vague: Limit) -> bool:
    """Whether a stated bound says anew what a vague one only hints at: "short, under 100"."""
    if stated.fields != vague.fields:
        return False
    (low, high), (vague_low, vague_high) = interval(stated), interval(vague)
    ends = (low > float("-inf"), high < float("inf"))
    vague_ends = (vague_low > float("-inf"), vague_high < float("inf"))
    return contradict(stated, vague) or any(a and b for a, b in zip(ends, vague_ends, strict=True))


def contradict(one: Limit, other: Limit) -> bool:
    """Whether two bounds on one field leave nothing that could pass both."""
    if one.values or other.values or one.fields != other.fields:
        return False
    (low, high), (other_low, other_high) = interval(one), interval(other)
    if max(low, other_low) > min(high, other_high):
        return True
    for gap, (low, high) in ((one, interval(other)), (other, interval(one))):
        if gap.negated and None not in (gap.minimum, gap.maximum):
            assert gap.minimum is not None
            assert gap.maximum is not None
            if gap.minimum <= low and high <= gap.maximum:
                return True
    return False


def interval(limit: Limit) -> tuple[float, float]:
    """What a bound lets through, as an interval; around a gap everything may pass."""
    low = float("-inf") if limit.minimum is None else limit.minimum
    high = float("inf") if limit.maximum is None else limit.maximum
    if not limit.negated:
        return low, high
    if limit.minimum is None:
        return high + 1, float("inf")
    return (float("-inf"), low - 1) if limit.maximum is None else (float("-inf"), float("inf"))
