"""What do the ways to run the language model cost, and do they answer alike?

    python -m benchmarks.engines [--requests 20] [--alike 200] [--adapter …]
    python -m benchmarks.engines --engines plain,none,nf4,gguf

Each engine ranks the same candidates of the same requests and writes the same
reasons, in a process of its own, one after the other. "plain" is the baseline of all ratios:
transformers in bfloat16 by the library's own calls (`plain.py`), which also writes each ranking
as text, half a minute each; "none" is the same weights by this project's ways, which read the
instruction once and write within a frame. Picks and scores are held against "float32": transformers on the packaged
weights without any rounding, for `--requests` requests, and for `--alike` with the last engine.
Prints medians and 95th percentiles, tokens a second, peak memory, and how near the machine's
limit the engine comes: the packed weights have to be
read for each token that is written, and each token that is read costs two operations a weight.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled import load_requests, write_record
from benchmarks.plain import PlainTransformers, product_rate
from prompts.instruction import Instruction
from prompts.templates import Templates
from recommender.dialogue import DialogueState, Pick, Session
from recommender.explanation import Explainer
from recommender.language_model import load_language_model, openvino_files
from recommender.language_model.protocol import Frame
from recommender.opening import open_retriever
from recommender.ranking import BlockScorer, JoinedRanker, nouns_of, weight_of
from recommender.settings import Settings
from recommender.understanding.understander import Understander
from retrieval.catalog import Catalog, load_catalog
from retrieval.encoder import open_encoder
from retrieval.retriever import Candidate

BASELINE, REFERENCE = "plain", "float32"
LISTED = 20  # candidates of a request
WRITTEN_TOKENS = 400  # enough for twenty numbered titles
EXPLAINED = 20  # picks whose reasons are timed
PICKS = 3
PARAMETERS = 106_168_320  # that a token is multiplied by; the table of tokens is looked up in
DIALOGUES = Path(__file__).with_name("dialogues_films.toml")
Case = tuple[Instruction, DialogueState, list[Candidate]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--alike", type=int, default=200, help="requests by which the last engine "
                        "is held against float32 (200)")  # fmt: skip
    parser.add_argument("--adapter", default="auto", metavar="auto|none|PATH")
    parser.add_argument("--engines", default="plain,none,nf4,gguf", help="plain, or quantizations; "
                        "ratios are to the first one")  # fmt: skip
    parser.add_argument("--one", help=argparse.SUPPRESS)  # the process of one engine
    options = parser.parse_args()
    if options.one:
        found_by = _measured(options.one, options.adapter, options.alike, options.requests)
        print(json.dumps(found_by))
        return
    engines = options.engines.split(",")
    counts = dict.fromkeys(engines, options.requests)
    counts[engines[-1]] = counts[REFERENCE] = max(options.alike, options.requests)
    found: dict[str, dict[str, Any]] = {}
    for engine, count in counts.items():
        print(f"{engine} …", file=sys.stderr, flush=True)
        call = [sys.executable, "-m", "benchmarks.engines", "--one", engine, "--adapter",
                options.adapter, "--requests", str(options.requests), "--alike", str(count)]  # fmt: skip
        told = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[engine] = json.loads(told.splitlines()[-1])
    _compare(found, options.requests)
    limit = _limit(found)
    for one in found.values():
        del one["scores"], one["picks"]
    print("written to", write_record("engines", {"engines": found, "limit": limit}))


def _measured(engine: str, adapter: str, count: int, timed: int) -> dict[str, Any]:
    """Scores of so many requests; peak memory is that of the first, `timed` ones."""
    settings = Settings.read({})
    since = time.perf_counter()
    model: Any = (
        PlainTransformers(settings.model, adapter, settings.data)
        if engine == BASELINE
        else load_language_model(
            settings.model, quantization=engine, adapter=adapter, cache=settings.data
        )
    )
    loaded = time.perf_counter() - since
    catalog = load_catalog(settings.catalog)
    cases = _cases(catalog, settings, count)
    scorer = BlockScorer(model, catalog, Templates.load())
    scores, took, peak = [], [], 0.0
    for number, (instruction, _, candidates) in enumerate([cases[0], *cases]):
        since = time.perf_counter()
        found = scorer.score(instruction, [c.item for c in candidates])
        if number:  # the first one warms up
            took.append(time.perf_counter() - since)
            scores.append(found.tolist())
        if number == timed:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    weight = weight_of(settings.rank_weight, model)
    return {
        "model": model.describe(), "loaded_s": loaded, "rank_s": took, "scores": scores,
        "picks": [_picks(case, s, weight) for case, s in zip(cases, scores, strict=True)],
        "explained_tokens_a_second": _rates(model, catalog, cases) if engine != REFERENCE else [],
        "peak_mb": peak, "written_s": _written(model, cases[:timed]) if engine == BASELINE else [],
        "read_tokens": _tokens_read(model, catalog, cases),
        "operations_a_second": product_rate(_precision(engine)),
    }  # fmt: skip


def _cases(catalog: Catalog, settings: Settings, count: int) -> list[Case]:
    """Requests as instructions, with what the retriever finds for them."""
    encoder = open_encoder(settings.encoder, settings.data)
    retriever = open_retriever(settings.data / "index", catalog, encoder, False)
    understander, templates = Understander(catalog), Templates.load()
    cases = []
    for said in _utterances():
        read = understander.understand(Session("bench"), said)
        if not read.asks_for_items:
            continue
        candidates = retriever.retrieve(read.query, LISTED)
        if len(candidates) == LISTED:
            template = templates.choose(read.aspects)
            cases.append((template.render(read.aspects, nouns_of(catalog)), read.state, candidates))
        if len(cases) == count:
            break
    return cases


def _utterances() -> list[str]:
    """The labelled requests, then what is said in the conversations, each as a first turn."""
    talks = tomllib.loads(DIALOGUES.read_text(encoding="utf-8"))["dialogue"]
    said = [row.request for row in load_requests()]
    said += [turn["say"] for talk in talks for turn in talk["turn"]]
    return list(dict.fromkeys(said))


class _Timed:
    """A model whose texts are timed, whatever becomes of them."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.rates: list[float] = []  # tokens a second of each text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def stream(
        self, messages: Sequence[tuple[str, str]], max_tokens: int, frame: Frame | None = None
    ) -> Iterator[str]:
        since = time.perf_counter()
        pieces = list(self._model.stream(messages, max_tokens, frame))
        self.rates.append(_count(self._model, "".join(pieces)) / (time.perf_counter() - since))
        yield from pieces


def _rates(model: Any, catalog: Catalog, cases: list[Case]) -> list[float]:
    """Tokens of a reason by the seconds that it took, the prompt's reading among them."""
    explainer, timed = Explainer(catalog), _Timed(model)
    for instruction, state, candidates in cases[: EXPLAINED + 1]:
        pick = Pick(candidates[0].item, 1, 0.0, candidates[0].score, None)
        for _ in explainer.write(timed, explainer.composed(pick, state), instruction, state):
            pass
    return timed.rates[1:]


def _written(model: Any, cases: list[Case]) -> list[float]:
    """Seconds to write the ranking of the same candidates as text."""
    took = []
    for instruction, _, candidates in cases:
        listed = "\n".join(f"{n}. {c.item.name}" for n, c in enumerate(candidates, start=1))
        task = (
            f"{instruction.text} of this list? Write all {len(candidates)} titles again as a "
            f"numbered list, the best first.\n{listed}"
        )
        since = time.perf_counter()
        for _ in model.stream([("user", task)], WRITTEN_TOKENS):
            pass
        took.append(time.perf_counter() - since)
    return took


def _picks(case: Case, scores: list[float], weight: float) -> list[str]:
    class Known:
        def score(self, instruction: Instruction, items: Any) -> Any:
            return np.array(scores)

    ranked = JoinedRanker(Known(), weight).rank(case[0], case[2])
    return [pick.item.id for pick in ranked[:PICKS]]


def _tokens_read(model: Any, catalog: Catalog, cases: list[Case]) -> float:
    """Tokens of an instruction and its candidates, on average."""
    return float(np.mean([
        _count(model, instruction.text) + sum(
            _count(model, f" {catalog.brief(c.item)}? Answer:") for c in candidates
        )
        for instruction, _, candidates in cases
    ]))  # fmt: skip


def _count(model: Any, text: str) -> int:
    return len(model._tokenizer(text, add_special_tokens=False)["input_ids"])


def _compare(found: dict[str, dict[str, Any]], requests: int) -> None:
    """Prints a line for each engine, and adds what it says to the engine's figures."""
    base, reference = next(iter(found.values())), found[REFERENCE]
    slowest = float(np.median(base["rank_s"][:requests]))
    print(f"{'engine':8} {'rank ' + str(LISTED):>9} {'p95':>6} {'ratio':>6} {'reasons':>9} "
          f"{'ratio':>6} {'peak':>8} {'loaded':>7} {'same picks':>19} {'scores off':>11}")  # fmt: skip
    for engine, one in found.items():
        took = one["rank_s"][:requests]
        ranked, rates = float(np.median(took)), _middle(one["explained_tokens_a_second"])
        same = [a == b for a, b in zip(one["picks"], reference["picks"], strict=False)]
        off = max(float(np.abs(np.subtract(a, b)).max())
                  for a, b in zip(one["scores"], reference["scores"], strict=False))  # fmt: skip
        print(
            f"{engine:8} {ranked:8.2f}s {np.quantile(took, 0.95):5.2f}s {slowest / ranked:5.1f}x "
            f"{rates:6.0f}/s {rates / _middle(base['explained_tokens_a_second']):5.1f}x "
            f"{one['peak_mb']:6.0f}MB {one['loaded_s']:6.1f}s {np.mean(same):8.3f} of {len(same):4} "
            f"{off:11.3f}"
        )
        one |= {"same_picks": float(np.mean(same)), "compared": len(same), "scores_off": off}
        if base["written_s"]:
            written = float(np.median(base["written_s"]))
            print(f"{'':8} {written / ranked:.0f} times as fast as the baseline writes its "
                  f"ranking ({written:.1f} s, p95 {np.quantile(base['written_s'], 0.95):.1f})")  # fmt: skip


def _middle(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def _limit(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Bytes and operations a second of this machine, and the shares that are made use of."""
    told: dict[str, float] = {}
    for engine, one in found.items():
        if engine == BASELINE:  # reads the instruction as often as there are candidates
            continue
        reads = one["read_tokens"] * 2 * PARAMETERS / float(np.median(one["rank_s"]))
        most = one["operations_a_second"]
        told[f"{engine}: share of the arithmetic while reading"] = reads / most
        print(f"{engine}: reading uses {reads / 1e9:.0f} of the {most / 1e9:.0f} billion operations "
              f"a second that a product in {_precision(engine)} comes to here")  # fmt: skip
    block = np.ones(64_000_000, dtype=np.float32)
    bandwidth = told["bytes_a_second"] = max(_rate(lambda: block @ block, block.nbytes)
                                             for _ in range(5))  # fmt: skip
    kept = Settings.read({}).data / "models"
    packed = next(kept.glob(f"*/openvino-{openvino_files.FORMAT}/reader.bin"), None)
    if packed is not None:
        told["writing_at_most"] = bandwidth / packed.stat().st_size
        print(f"writing is bound by {bandwidth / 1e9:.1f} GB/s over {packed.stat().st_size / 1e6:.0f}"
              f" MB: {told['writing_at_most']:.0f} tokens a second, one at a time")  # fmt: skip
    return told


def _precision(engine: str) -> str:
    """What an engine computes in."""
    return "float32" if engine in ("gguf", REFERENCE) else "bfloat16"


def _rate(work: Any, amount: float) -> float:
    since = time.perf_counter()
    work()
    return float(amount / (time.perf_counter() - since))


if __name__ == "__main__":
    main()
