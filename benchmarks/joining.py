"""Which share of the score should the language model have?

    python -m benchmarks.joining [--model …] [--adapter …] [--ranker block] [--keep]

Scores the candidates of every labelled request once, then joins the scores under each
weight. The weight is chosen on the validation half and reported on the test half, against
the retriever alone (weight 0) and the model alone (weight 1), with the paired difference
and its bootstrap interval. Also shuffles every tenth candidate list and reports the greatest
change of a score. `--keep` writes the chosen share and these figures into the adapter's card;
the chat then joins by it, and takes the adapter unasked where the interval is above zero.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.labelled import LabelledRequest, interval, load_requests, ndcg, write_record
from prompts.instruction import Instruction
from prompts.templates import Templates
from recommender.adapter_card import Figure, read_card, write_card
from recommender.dialogue import Session
from recommender.language_model import load_language_model
from recommender.opening import open_retriever
from recommender.ranking import JoinedRanker, Scores, make_scorer, nouns_of
from recommender.settings import MODEL_RANKERS, Settings
from recommender.understanding.understander import Understander
from retrieval.catalog import Item, load_catalog
from retrieval.encoder import open_encoder
from retrieval.retriever import Candidate

WEIGHTS = [round(w, 2) for w in np.arange(0, 1.01, 0.05).tolist()]


@dataclass(frozen=True)
class Scored:
    """A labelled request with its candidates and the model's scores of them."""

    row: LabelledRequest
    instruction: Instruction
    candidates: list[Candidate]
    scores: Scores

    def score(self, instruction: Instruction, items: Sequence[Item]) -> Scores:
        """A scorer that gives what was scored before, so that many weights cost one pass."""
        by_id = {c.item.id: s for c, s in zip(self.candidates, self.scores, strict=True)}
        return np.array([by_id[item.id] for item in items])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="auto")
    parser.add_argument("--adapter", default="")
    parser.add_argument("--quantization", default="auto")
    parser.add_argument("--ranker", choices=MODEL_RANKERS, default="block")
    parser.add_argument("--candidates", type=int, default=Settings.candidates)
    parser.add_argument(
        "--keep", action="store_true", help="the chosen share, in the adapter's card"
    )
    options = parser.parse_args()
    if options.keep and (not options.adapter or read_card(Path(options.adapter)) is None):
        parser.exit(2, "error: --keep wants --adapter with the folder of a checkpoint\n")
    settings = Settings.read({})
    catalog = load_catalog(settings.catalog)
    retriever = open_retriever(
        settings.data / "index", catalog, open_encoder(settings.encoder, settings.data), False
    )
    model = load_language_model(
        options.model,
        quantization=options.quantization,
        adapter=options.adapter,
        cache=settings.data,
    )
    templates = Templates.load()
    scorer = make_scorer(options.ranker, model, catalog, templates)
    understander = Understander(catalog)
    scored, moved = [], 0.0
    for number, row in enumerate(tqdm([r for r in load_requests() if r.relevant], unit="request")):
        read = understander.understand(Session("bench"), row.request)
        instruction = templates.choose(read.aspects).render(read.aspects, nouns_of(catalog))
        candidates = retriever.retrieve(read.query, options.candidates)
        items = [c.item for c in candidates]
        scores = scorer.score(instruction, items)
        scored.append(Scored(row, instruction, candidates, scores))
        if number % 10 == 0 and items:
            order = np.random.default_rng(number).permutation(len(items))
            again = scorer.score(instruction, [items[n] for n in order])
            moved = max(moved, float(np.abs(again - scores[order]).max()))
    figures = {w: {s: _figures(scored, w, s) for s in ("validation", "test")} for w in WEIGHTS}
    print(f"{'weight':>6} {'validation':>11} {'test':>7}   NDCG@5")
    for weight, by_split in figures.items():
        print(
            f"{weight:6.2f} {np.mean(by_split['validation']):11.3f} {np.mean(by_split['test']):7.3f}"
        )
    best = max(WEIGHTS, key=lambda w: (float(np.mean(figures[w]["validation"])), -w))
    gain = np.array(figures[best]["test"]) - np.array(figures[0.0]["test"])
    low, high = interval(gain.tolist())
    print(f"chosen on validation: {best}; on test against the retriever alone "
          f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f}); greatest change of a score by "
          f"shuffling {moved:.2g}")  # fmt: skip
    record = {
        "model": model.describe(), "ranker": options.ranker, "candidates": options.candidates,
        "ndcg@5": {str(w): {s: float(np.mean(v)) for s, v in f.items()} for w, f in figures.items()},
        "chosen": best, "test_gain": [float(gain.mean()), low, high], "moved_by_shuffling": moved,
    }  # fmt: skip
    print("written to", write_record(f"joining-{options.ranker}", record))
    if options.keep:
        test = {w: float(np.mean(by_split["test"])) for w, by_split in figures.items()}
        keep(Path(options.adapter), best, low, {
            "requests, test half: NDCG@5 of the retriever alone": test[0.0],
            "requests, test half: NDCG@5 of the model alone": test[1.0],
            "requests, test half: NDCG@5 joined": test[best],
            "requests, test half: gain by joining, lower end of its interval": low,
            "requests, test half: gain by joining, upper end of its interval": high,
        })  # fmt: skip


def keep(folder: Path, weight: float, low: float, measured: dict[str, float]) -> None:
    """Write a share of the joined score and its figures into the card of a checkpoint.

    The adapter serves unasked where the gain's interval lies above zero (`low`).
    """
    card = read_card(folder)
    if card is None:
        raise FileNotFoundError(f"{folder}: no checkpoint")
    command = shlex.join(["python", "-m", "benchmarks.joining", *sys.argv[1:]])
    others = tuple(figure for figure in card.figures if figure.what not in measured)
    new = tuple(Figure(what, round(value, 5), command) for what, value in measured.items())
    write_card(folder, replace(
        card, default=low > 0, weights={**card.weights, "rank_weight": weight},
        figures=(*others, *new),
    ))  # fmt: skip


def _figures(scored: list[Scored], weight: float, split: str) -> list[float]:
    found = []
    for one in scored:
        if one.row.split == split:
            picks = JoinedRanker(one, weight).rank(one.instruction, one.candidates)
            found.append(ndcg([p.item.id for p in picks], one.row.relevant, 5))
    return found


if __name__ == "__main__":
    main()
