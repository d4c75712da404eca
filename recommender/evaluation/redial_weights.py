"""Weights of the retriever for ReDial, and what others' tastes are learned from there.

All were chosen on the validation half of the dialogues; `GRID` is where better ones are looked
for.
"""

from __future__ import annotations

from dataclasses import replace

from retrieval.collaborative import Learning
from retrieval.retriever import RetrieverWeights

# What is known of others' tastes.
ALONE, RATED, SPOKEN = "", " + ratings", " + ratings and dialogues"
# Chosen by coordinate descent on the validation half, for a recommender that is a person: for
# queries of the state. The texts that they are compared with had no search of their own beside
# dialogues: there they share the state's weights for others' tastes.
# Films of a dialogue that has no other words are no sequence: the later ones say no more than the
# earlier ones, and what is tried on words was tried on them too (`benchmarks/LOG.md`).
_ALIKE = RetrieverWeights(tastes=0.3, titles=0.0, fade=1.0)
WEIGHTS = {
    ALONE: replace(_ALIKE, liked=2.0, history=4.0, leaning=0.4, lexical=0.05),
    RATED: replace(_ALIKE, liked=2.0, history=4.0, leaning=0.15, lexical=0.1, popularity=0.3),
    SPOKEN: replace(_ALIKE, liked=4.0, history=2.5, lexical=0.05, collaborative=0.5, tastes=0.5,
                    popularity=0.4, unknown=0.15, wish=0.15),
}  # fmt: skip
TEXT_WEIGHTS = {
    ALONE: replace(_ALIKE, history=4.0),
    RATED: replace(_ALIKE, history=4.0),
    SPOKEN: replace(_ALIKE, history=4.0, collaborative=0.5, tastes=0.5, popularity=0.4,
                    unknown=0.15),
}  # fmt: skip
POPULAR = RetrieverWeights(popularity=100.0)  # so that nothing else counts
# Popularity by years out, as a film of 2017 has had little time to be rated; and what was
# said in a dialogue counts twenty times as much as a rating from elsewhere.
OF_RATINGS = Learning(years_out=20)
RATING = 0.05
OF_DIALOGUES = Learning(ridge=30.0, fewest=0.125)  # three ratings, or one dialogue
GRID = {
    "liked": (1.2, 2.0, 3.0, 4.0),
    "history": (1.0, 2.5, 4.0, 6.0),
    "leaning": (0.15, 0.25, 0.4),
    "lexical": (0.0, 0.05, 0.1, 0.2),
    "collaborative": (0.3, 0.5, 0.7),
    "tastes": (0.3, 0.5, 0.7),
    "popularity": (0.1, 0.2, 0.3, 0.4, 0.6),
    "unknown": (0.0, 0.15, 0.3),
}
