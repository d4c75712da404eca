"""The replies of a campaign, made ahead, so that no annotator waits.

Promises that the systems are asked one after the other about the same candidates, that each
shows as many picks, and that what is kept of a pick has one shape whoever made it: what is
shown must not tell who recommends. Where two systems pick alike there is nothing to judge.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from prompts.templates import Templates
from recommender.annotation.asked import Asked, Asking, asked_by_task, requests_of
from recommender.annotation.campaign import BAD, GOOD, Campaign, CampaignError, System
from recommender.annotation.kept import Case
from recommender.dialogue import Pick
from recommender.explanation import Explainer
from recommender.facts import shown
from recommender.language_model import LanguageModel, load_language_model
from recommender.opening import open_found
from recommender.ranking import (
    JoinedRanker,
    Ranker,
    RetrieverRanker,
    make_scorer,
    nouns_of,
    weight_of,
)
from recommender.settings import BASELINES, MODEL_RANKERS, Settings, SettingsError
from recommender.store import Store
from retrieval.catalog import Catalog
from retrieval.encoder import Encoder, open_encoder
from retrieval.intake.finding import Found, find_catalog
from retrieval.retriever import Retriever

Report = Callable[[int, int], None]  # cases answered, of how many


@dataclass(frozen=True)
class Made:
    """The cases of a campaign, and how many comparisons fell away since both picked alike."""

    cases: tuple[Case, ...]
    alike: int


@dataclass(frozen=True)
class Opened:
    """What replies are made with: the same for every system but its ranker."""

    catalog: Catalog
    templates: Templates
    asked: tuple[Asked, ...]
    gold: tuple[Asked, ...]  # one for each gold case of the file
    ranker: Callable[[System], tuple[Ranker, LanguageModel | None]]


def open_for(
    campaign: Campaign, settings: Settings, store: Store, *,
    catalog: Catalog | None = None, retriever: Retriever | None = None,
    encoder: Encoder | None = None, load: Callable[..., LanguageModel] = load_language_model,
) -> Opened:  # fmt: skip
    """Cases and rankers of a campaign; the keyword arguments stand in for what settings name.

    All that can be found wrong without an index or a model is found before either is opened,
    since that takes minutes. Raises `CampaignError`, and what loading the catalog, the
    encoder, interactions or a model raises.
    """
    templates, source = Templates.load(), campaign.source
    if source.task:
        return _open_task(campaign, settings, templates)
    settings_of = {system.name: _settings_for(system, settings) for system in campaign.systems}
    found = Found(catalog) if catalog else find_catalog(settings.catalog, settings.data)
    catalog, texts = found.catalog, requests_of(source)
    _known_items(campaign, catalog)
    if not texts and not source.chats:
        raise CampaignError("cases.requests: expected at least one request")
    encoder = encoder or open_encoder(settings.encoder, settings.data)
    retriever = retriever or open_found(found, settings, encoder, True)
    asking = Asking(catalog, templates, retriever, settings.candidates)
    if source.chats:
        talks = (asking.conversation(store, session) for session in store.to_be_judged())
        asked = [one for one in talks if one is not None][: source.limit or None]
    else:
        asked = asking.requests(texts)
    if not asked:
        raise CampaignError("cases: no conversation was kept with leave to be judged")

    def ranker(system: System) -> tuple[Ranker, LanguageModel | None]:
        own = settings_of[system.name]
        if system.ranker == "retriever":
            return RetrieverRanker(), None
        if system.ranker in BASELINES:
            from recommender.evaluation.app_rankers import make_ranker

            return make_ranker(own, True, catalog, encoder), None
        model = load(
            own.model, quantization=own.quantization, adapter=own.adapter, cache=settings.data
        )
        scorer = make_scorer(system.ranker, model, catalog, templates)
        return JoinedRanker(scorer, weight_of(system.rank_weight, model)), model

    gold = asking.requests([one.request for one in campaign.gold])
    return Opened(catalog, templates, tuple(asked), tuple(gold), ranker)


def _settings_for(system: System, settings: Settings) -> Settings:
    """The app's settings with those of a system in their place. Raises `CampaignError`."""
    adapter = system.adapter
    try:
        own = replace(
            settings, ranker=system.ranker, rank_weight=system.rank_weight, adapter=adapter,
            model=system.model or settings.model,
            quantization=system.quantization or settings.quantization,
        )  # fmt: skip
    except SettingsError as error:
        raise CampaignError(f"system {system.name!r}: {error}") from error
    if system.ranker in MODEL_RANKERS and own.model == "none":
        raise CampaignError(
            f"system {system.name!r}: ranker {system.ranker} asks a language model, and model is "
            f"none; name a model, or another ranker"
        )
    if adapter not in ("", "auto", "none") and not Path(adapter).is_dir():
        raise CampaignError(f"system {system.name!r}: there is no checkpoint {adapter!r}")
    return own


def _known_items(campaign: Campaign, catalog: Catalog) -> None:
    ids = [item for known in campaign.gold for item in (*known.good, *known.bad)]
    missing = [item for item in ids if item not in catalog]
    if missing:
        raise CampaignError(
            f"gold.case: catalog {catalog.name!r} has no items {', '.join(missing[:5])}"
        )


def _open_task(campaign: Campaign, settings: Settings, templates: Templates) -> Opened:
    from recommender.evaluation.bench import Bench
    from recommender.evaluation.contract import ScoringRanker
    from recommender.evaluation.tasks import TASKS

    source = campaign.source
    if source.data is None or campaign.gold or campaign.reasons == "own":
        raise CampaignError("cases.task: takes data, no gold.case, and no reasons of its own")
    if source.task not in TASKS:
        raise CampaignError(f"cases.task is {source.task!r}; there are {', '.join(TASKS)}")
    bench = Bench(settings, source.data, settings.data / "evaluation" / "runs", seed=source.seed)
    task = TASKS[source.task]
    bench.check([task.name], [system.ranker for system in campaign.systems])
    asked = asked_by_task(bench, source, templates)
    catalog = bench.behaviour(task.data).catalog

    def ranker(system: System) -> tuple[Ranker, LanguageModel | None]:
        return ScoringRanker(bench.scorer(task, system.ranker, "test"), catalog), None

    return Opened(catalog, templates, tuple(asked), (), ranker)


def make(campaign: Campaign, opened: Opened, report: Report = lambda done, of: None) -> Made:
    """Ask every system about every case. `report` is told after each. Raises `CampaignError`."""
    explainer = Explainer(opened.catalog)
    replies: list[dict[str, list[dict[str, Any]]]] = [{} for _ in opened.asked]
    of, done = len(campaign.systems) * len(opened.asked), 0
    for system in campaign.systems:
        ranker, model = opened.ranker(system)
        for asked, told in zip(opened.asked, replies, strict=True):
            ranked = ranker.rank(asked.instruction, asked.candidates)[: campaign.picks]
            picks = [_reasoned(pick, asked, campaign, explainer, model) for pick in ranked]
            told[system.name] = [_plain(pick, asked, opened) for pick in picks]
            done += 1
            report(done, of)
    cases, alike = [], 0
    for asked, told in zip(opened.asked, replies, strict=True):
        pairs = [(a, b) for a, b in combinations(sorted(told), 2) if _ids(told[a]) != _ids(told[b])]
        alike += len(told) * (len(told) - 1) // 2 - len(pairs)
        cases.append(_case(asked, told, tuple((a, b, "") for a, b in pairs)))
    return Made((*cases, *_gold_cases(campaign, opened, explainer, replies)), alike)


def _gold_cases(
    campaign: Campaign, opened: Opened, explainer: Explainer,
    replies: Sequence[Mapping[str, list[dict[str, Any]]]],
) -> list[Case]:  # fmt: skip
    """Cases with a known answer: the file's own, and picks against items at random."""
    catalog, chance = opened.catalog, random.Random(f"{campaign.name}/{campaign.source.seed}")
    made = []
    for known, asked in zip(campaign.gold, opened.gold, strict=True):
        even = min(len(known.good), len(known.bad))  # a longer list would tell
        made.append((asked, {GOOD: known.good[:even], BAD: known.bad[:even]}))
    for number in chance.sample(
        range(len(opened.asked)), min(campaign.gold_random, len(opened.asked))
    ):
        asked = opened.asked[number]
        system = chance.choice(campaign.systems).name
        good = tuple(_ids(replies[number][system]))
        fitting = {candidate.item.id for candidate in asked.candidates}
        others = [item.id for item in catalog.items if item.id not in fitting]
        if len(others) < campaign.picks:
            raise CampaignError("gold.random: the catalog is too small to draw misfits from")
        made.append((asked, {GOOD: good, BAD: tuple(chance.sample(others, campaign.picks))}))
    cases = []
    for asked, lists in made:
        told: dict[str, list[dict[str, Any]]] = {}
        for name, ids in lists.items():
            picks = [
                Pick(catalog[i], rank, 0.0, 0.0) for rank, i in enumerate(ids[: campaign.picks], 1)
            ]
            reasoned = [_reasoned(pick, asked, campaign, explainer, None) for pick in picks]
            told[name] = [_plain(pick, asked, opened) for pick in reasoned]
        cases.append(_case(asked, told, ((BAD, GOOD, GOOD),)))
    return cases


def _reasoned(
    pick: Pick, asked: Asked, campaign: Campaign, explainer: Explainer, model: LanguageModel | None
) -> Pick:
    if campaign.reasons == "none":
        return pick
    composed = explainer.composed(pick, asked.state)
    if campaign.reasons == "composed" or model is None:
        return composed
    written = explainer.write(model, composed, asked.instruction, asked.state)
    return [step for step in written if step is not None][-1]


def _plain(pick: Pick, asked: Asked, opened: Opened) -> dict[str, Any]:
    """What is kept of a pick. `block` is what a ranker reads of it."""
    catalog, template = opened.catalog, opened.templates.by_id[asked.instruction.template]
    block = template.render_block(nouns_of(catalog), item=catalog.brief(pick.item))
    return {
        "item": pick.item.id, **shown(catalog, pick.item), "reason": pick.reason, "block": block,
        "written_by": pick.written_by,
    }  # fmt: skip


def _ids(picks: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(pick["item"]) for pick in picks]


def _case(
    asked: Asked, told: Mapping[str, Sequence[Mapping[str, Any]]],
    comparisons: tuple[tuple[str, str, str], ...],
) -> Case:  # fmt: skip
    detail = {
        "said": list(asked.said),
        "instruction": asked.instruction.text,
        "template": asked.instruction.template,
        "candidates": [candidate.item.id for candidate in asked.candidates],
    }
    return Case(asked.request, detail, told, comparisons, asked.session)
