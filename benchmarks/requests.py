"""Are the replies sound? Every labelled request through the whole recommender.

    python -m benchmarks.requests [--model none]

Counts, over all picks: items outside the catalog, duplicates, broken hard limits (by the
labels, not by what the app understood), reasons with a claim that nothing backs, and
evidence that is neither in the item nor in the user's words. Also how many reasons the
language model wrote itself, and the replies that had no pick though an answer is labelled.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from typing import Any

from tqdm import tqdm

from benchmarks.labelled import LabelledRequest, broken_limits, load_requests, write_record
from recommender.claims import ClaimCheck
from recommender.dialogue import Done, Pick, Reply
from recommender.engine import Recommender
from recommender.settings import Settings
from recommender.store import Store
from retrieval.catalog import Catalog, fold


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="auto")
    options = parser.parse_args()
    recommender = Recommender(Settings.read({"model": options.model}), store=Store(":memory:"))
    catalog, check = recommender.catalog, ClaimCheck(recommender.catalog)
    counts: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    for row in tqdm(load_requests(), unit="request"):
        session = recommender.open_session()
        reply = next(
            e.reply for e in recommender.reply(session.id, row.request) if isinstance(e, Done)
        )
        counts["requests"] += 1
        counts["degraded"] += reply.degraded is not None
        counts["no pick though one is labelled"] += not reply.picks and bool(row.relevant)
        for problem in _problems(row, reply, catalog, check):
            counts[problem[0]] += 1
            failures.append({"request": row.request, "problem": problem})
        for pick in reply.picks:
            counts["picks"] += 1
            counts[f"written by {pick.written_by}"] += 1
            counts["relevant by the labels"] += pick.item.id in row.relevant
    for name, count in counts.items():
        print(f"{count:6}  {name}")
    for failure in failures:
        print("       ", failure)
    print("written to", write_record("requests", {"counts": counts, "failures": failures,
                                                  "model": recommender.describe_model()}))  # fmt: skip
    recommender.close()


def _problems(
    row: LabelledRequest, reply: Reply, catalog: Catalog, check: ClaimCheck
) -> list[tuple[str, str]]:
    found = []
    ids = [pick.item.id for pick in reply.picks]
    if len(set(ids)) < len(ids):
        found.append(("duplicates", str(ids)))
    for pick in reply.picks:
        if pick.item.id not in catalog:
            found.append(("outside the catalog", pick.item.id))
        for broken in broken_limits(pick.item, row.limits):
            found.append(("broken limits", f"{pick.item.name}: {broken}"))
        if pick.written_by == "model":
            verdict = check.check(pick.reason, pick.item, reply.state)
            if not verdict.passed:
                found.append(("unsupported claims", f"{pick.reason} ({verdict.objection})"))
        liked = {catalog[m.item_id].title for m in reply.state.liked}
        found += [
            ("unbacked evidence", f"{pick.item.name}: {e}") for e in _unbacked(pick, row, liked)
        ]
        if not any(e.source == "item" for e in pick.evidence):
            found.append(("reasons without evidence", pick.item.name))
    return found


def _unbacked(pick: Pick, row: LabelledRequest, liked: set[str]) -> list[str]:
    """Evidence that neither the item nor the request holds; a linked title may be misspelt."""
    said = fold(row.request)
    missing = []
    for evidence in pick.evidence:
        held = evidence.value in pick.item.values(evidence.field)
        spoken = all(word in said for word in re.findall(r"\w+", fold(evidence.value)))
        unsaid = evidence.source == "user" and not spoken and evidence.value not in liked
        if evidence.source == "item" and not held:
            missing.append(f"{evidence.field}={evidence.value}")
        elif unsaid:
            missing.append(f"said {evidence.value!r}")
    return missing


if __name__ == "__main__":
    main()
