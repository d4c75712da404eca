"""Examples of requests: each understood, retrieved for and rendered as in the chat.

A request goes through the understanding and the retriever that serve the chat, so that an
example's instruction is rendered as it is there and its candidates are what is handed over
for that very request; which of them fit is what the needs grade. Where too few do, items are
put in that do and that pass the limits that were heard. Promises: the same catalog, encoder
and seed give the same examples. It trains nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tqdm import tqdm

from prompts.instruction import Instruction
from prompts.templates import Templates
from recommender.dialogue import Session
from recommender.opening import CatalogRetriever
from recommender.ranking import nouns_of
from recommender.tuning.chat_requests import Request, RequestMaker
from recommender.tuning.examples import TRAIN, VALIDATION, Example
from recommender.tuning.needs import Needs, grade_of
from recommender.understanding.understander import Understander, Understanding
from retrieval.catalog import Catalog, Item
from retrieval.encoder import Encoder

_FOUND = 40  # candidates, of which an example takes some
_MOST_FITTING = 5  # blocks of an example that fit
_FEWEST_UNFIT = 4


class RequestsError(ValueError):
    """Requests that can't be made; the message says why."""


def make_requests(
    catalog: Catalog, encoder: Encoder, retriever: CatalogRetriever, count: int, *,
    seed: int = 0, blocks: int = 12, validation: float = 0.03,
    spoken_of: Sequence[str] = (), progress: bool = True,
) -> Iterator[Example]:  # fmt: skip
    """Up to `count` different examples of `blocks` candidates each.

    `spoken_of` are ids of items by how often people speak of them. Fewer come where the
    catalog gives no more. Raises `RequestsError`.
    """
    if count < 1:
        raise RequestsError(f"count must be at least 1, not {count}")
    if not _FEWEST_UNFIT + 1 <= blocks <= _FOUND:
        raise RequestsError(f"blocks must be from {_FEWEST_UNFIT + 1} to {_FOUND}, not {blocks}")
    rng = random.Random(f"requests {seed}")
    maker = RequestMaker(catalog, Needs(catalog, encoder), spoken_of)
    served = _Served(catalog, retriever)
    seen: set[str] = set()
    with tqdm(total=count, desc="requests", unit="", disable=not progress) as bar:
        for _ in range(20 * count):
            if len(seen) >= count:
                return
            request = maker.draw(rng)
            split = VALIDATION if rng.random() < validation else TRAIN
            example = served.example(request, len(seen), split, blocks, rng) if request else None
            if example is None or example.prefix in seen:
                continue
            seen.add(example.prefix)
            bar.update()
            yield example


class _Served:
    """A request as the chat takes it: understood, retrieved for, and rendered."""

    def __init__(self, catalog: Catalog, retriever: CatalogRetriever) -> None:
        self._catalog = catalog
        self._retriever = retriever
        self._understander = Understander(catalog)
        self._templates = Templates.load()

    def example(
        self, request: Request, number: int, split: str, blocks: int, rng: random.Random
    ) -> Example | None:
        """An example, or None where the request is misheard, or tells nothing apart."""
        read = self._understander.understand(Session("tuning"), request.words)
        heard = {mentioned.item_id for mentioned in read.state.liked}
        if not read.asks_for_items or set(request.liked) != heard:
            return None
        found = self._retriever.retrieve(read.query, _FOUND)
        items = [candidate.item for candidate in found]
        grades = {item.id: grade_of(request.needs, item) for item in items}
        if sum(map(bool, grades.values())) < 2:
            for item in self._missed(request, read, set(grades), rng):
                items.append(item)
                grades[item.id] = grade_of(request.needs, item)
        chosen = _chosen(items, grades, blocks, rng)
        if chosen is None:
            return None
        instruction = self._rendered(read)
        template = self._templates.by_id[instruction.template]
        nouns = nouns_of(self._catalog)
        return Example(
            id=f"{self._catalog.name}-request-{number:06d}", template=template.id,
            source=f"{self._catalog.name}, requests", user=None, split=split,
            prefix=instruction.text,
            blocks=tuple(template.render_block(nouns, item=self._catalog.brief(i)) for i in chosen),
            labels=tuple(grades[i.id] for i in chosen), items=tuple(i.id for i in chosen),
        )  # fmt: skip

    def _rendered(self, read: Understanding) -> Instruction:
        return self._templates.choose(read.aspects).render(read.aspects, nouns_of(self._catalog))

    def _missed(
        self, request: Request, read: Understanding, found: set[str], rng: random.Random
    ) -> list[Item]:
        """Up to three items that answer the request best and were not found."""
        allowed = self._retriever.filter.mask(read.query.limits, read.query.without)
        fitting: dict[int, list[Item]] = {}
        for item, passes in zip(self._catalog.items, allowed, strict=True):
            if passes and item.id not in found and (grade := grade_of(request.needs, item)):
                fitting.setdefault(grade, []).append(item)
        best = fitting[max(fitting)] if fitting else []
        return rng.sample(best, min(3, len(best)))


def _chosen(
    items: Sequence[Item], grades: dict[str, int], blocks: int, rng: random.Random
) -> list[Item] | None:
    """Some that fit, the best first to be taken, and some that don't, the first found first."""
    fit = sorted((i for i in items if grades[i.id]), key=lambda i: (-grades[i.id], rng.random()))
    unfit = [i for i in items if not grades[i.id]]
    if not fit or len(unfit) < _FEWEST_UNFIT:
        return None
    fit = fit[: rng.randint(1, max(1, min(_MOST_FITTING, blocks // 2)))]
    wanted = blocks - len(fit)
    near = unfit[: wanted // 2]  # what the retriever puts first, wrongly
    rest = unfit[len(near) :]
    chosen = [*fit, *near, *rng.sample(rest, min(len(rest), wanted - len(near)))]
    rng.shuffle(chosen)
    return chosen
