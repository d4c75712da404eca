"""A toy task: a user likes what is of one kind, and the words by which it is told."""

from __future__ import annotations

import random
from pathlib import Path

from recommender.tuning.examples import Example

KINDS = ("loud", "calm", "odd", "warm")
WORDS = (
    "the user likes what is . Question: does suit thing ? Answer: yes no in question Answer "
    "on this list best letter A B C D E F . : better than a reason user said system "
    + " ".join(KINDS)
    + " "
    + " ".join(f"{kind}{n}" for kind in KINDS for n in range(6))
).split()


def save_tokenizer(folder: Path) -> int:
    """A tokenizer of whole words; gives the size of its vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<end>", "<unknown>", *dict.fromkeys(WORDS)]
    inner = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unknown>")
    )
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("?", "isolated")]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<end>", unk_token="<unknown>"
    ).save_pretrained(folder)
    return len(words)


def toy_examples(count: int, blocks: int = 4, seed: int = 0) -> list[Example]:
    """A user likes one kind; the block of that kind fits. Each fifth is for validation."""
    chance = random.Random(seed)
    examples = []
    for n in range(count):
        kinds = chance.sample(KINDS, blocks)
        items = [f"{kind}{chance.randrange(6)}" for kind in kinds]
        liked = chance.randrange(blocks)
        examples.append(
            Example(
                id=f"toy-{n}",
                template="toy",
                source="toy",
                user=str(n),
                split="validation" if n % 5 == 0 else "train",
                prefix=f"the user likes what is {kinds[liked]} . Question: does the user like the thing",
                blocks=tuple(f" {item} ? Answer:" for item in items),
                labels=tuple(int(place == liked) for place in range(blocks)),
                items=tuple(items),
            )
        )
    return examples
