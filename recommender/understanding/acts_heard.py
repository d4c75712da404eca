"""Joins the acts that a language model heard to those that the rules read.

The rules know what an act needs and what it takes away; the model only tells what the rules
could not see. It can't start over, undo, or turn a refined wish into a new one.
"""

from __future__ import annotations

from recommender.dialogue import Act, DialogueState
from recommender.understanding.by_model import ModelReading
from recommender.understanding.reading import Reading

# What the model may say of a turn in which the rules found nothing at all.
_OF_NOTHING_READ = (Act.MORE, Act.SURPRISE, Act.OFF_TOPIC, Act.UNSAFE)
_POLITE = (Act.GREET, Act.THANK)


def merged_acts(
    rules: tuple[Act, ...], model: ModelReading, reading: Reading, state: DialogueState
) -> tuple[Act, ...]:
    """The acts of the rules with those of the model that take nothing away.

    `reading` is the one that `validated` gives. A new wish may turn out to refine the one
    that stands, never the other way about, which would cost limits; what is said of items
    follows from the items that linked.
    """
    acts = list(rules)
    heard = set(model.acts)
    if acts == [Act.ASK]:
        if not (reading.items or reading.names_values):
            alone = [act for act in _OF_NOTHING_READ if act in heard]
            acts = alone[:1] or acts
        elif Act.REFINE in heard and Act.ASK not in heard and (
            state.wish or state.leanings or state.limits or state.last_shown
        ):  # fmt: skip
            acts = [Act.REFINE]
    acts += [act for act in _POLITE if act in heard]
    for act, said in (
        (Act.LIKE, any(item.liked for item in reading.items)),
        (Act.REJECT, any(item.disliked for item in reading.items)),
        (Act.SEEN, any(item.seen for item in reading.items)),
        (Act.MORE_LIKE_THIS, any(item.liked for item in reading.items)),
    ):
        if act in heard and said and Act.RATE not in acts and Act.CRITIQUE not in acts:
            acts.append(act)
    return tuple(dict.fromkeys(acts))
