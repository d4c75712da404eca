"""The figures of the paper (arXiv 2305.07001) that a task's figures are held against."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = ("HR@1", "HR@3", "HR@5", "NDCG@3", "NDCG@5")


def _table(rows: Mapping[str, tuple[float, ...]]) -> dict[str, dict[str, float]]:
    return {method: dict(zip(_NAMES, values, strict=True)) for method, values in rows.items()}


# What the paper's tables are of, by the names of data sets; beside others they say nothing.
_OF = ("video games", "amazon-2018 Video_Games")
_TRANSFERRED_TO = "amazon-2018 CDs_and_Vinyl"


def published(task: str, data_set: str) -> Mapping[str, Mapping[str, float]]:
    """The paper's figures by method for a task, or none where it was asked of other data."""
    if data_set == _TRANSFERRED_TO:
        return TRANSFER.get(task, {})
    return PAPER.get(task, {}) if data_set in _OF else {}


# By task, then by method.
PAPER: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "sequential": _table({
        "BERT4Rec": (0.5747, 0.8188, 0.9083, 0.7176, 0.7546),
        "SASRec": (0.6663, 0.8741, 0.9389, 0.7887, 0.8155),
        "GPT-3.5": (0.3640, 0.6300, 0.7300, 0.5216, 0.5623),
        "InstructRec": (0.6947, 0.8793, 0.9429, 0.8033, 0.8295),
    }),
    "sequential-hard": _table({
        "SASRec": (0.0355, 0.3448, 0.5536, 0.2127, 0.2984),
        "GPT-3.5": (0.1100, 0.3480, 0.5020, 0.2481, 0.3113),
        "InstructRec": (0.1841, 0.4823, 0.6648, 0.3558, 0.4307),
    }),
    "product-search": _table({
        "DSSM": (0.7279, 0.9484, 0.9899, 0.8587, 0.8760),
        "GPT-3.5": (0.6700, 0.9140, 0.9480, 0.8177, 0.8399),
        "InstructRec": (0.8263, 0.9411, 0.9728, 0.8944, 0.9075),
    }),
    "search-taste": _table({
        "TEM": (0.5005, 0.7368, 0.8462, 0.6383, 0.6833),
        "InstructRec": (0.6959, 0.8806, 0.9452, 0.8045, 0.8312),
    }),
    "search-vague": _table({
        "TEM": (0.5723, 0.7860, 0.8712, 0.6974, 0.7325),
        "InstructRec": (0.8278, 0.9444, 0.9741, 0.8971, 0.9094),
    }),
    "search-specific": _table({
        "TEM": (0.8665, 0.9149, 0.9293, 0.8954, 0.9013),
        "InstructRec": (0.9269, 0.9868, 0.9951, 0.9631, 0.9665),
    }),
    "search-vague-100": _table({
        "TEM": (0.2794, 0.4484, 0.5284, 0.3777, 0.4106),
        "InstructRec": (0.3276, 0.7694, 0.8334, 0.5903, 0.6163),
    }),
}  # fmt: skip

# Of CDs & Vinyl, where all but SASRec had seen nothing of them.
TRANSFER: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "sequential": _table({
        "Flan-T5-XL, untuned": (0.0927, 0.2886, 0.4814, 0.2035, 0.2823),
        "GPT-3.5": (0.1380, 0.3140, 0.4780, 0.2401, 0.3067),
        "InstructRec, tuned on games": (0.2332, 0.4392, 0.6052, 0.3511, 0.4190),
        "SASRec, trained on CDs": (0.6713, 0.8754, 0.9428, 0.7915, 0.8194),
    }),
}  # fmt: skip
