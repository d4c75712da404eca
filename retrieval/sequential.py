"""What comes next after a sequence of items, by a small self-attentive model (SASRec).

Promises scores of all items of a catalog after a history, from weights that were trained
elsewhere (`recommender/evaluation/sequence_training.py`) and lie in one file. The method is
SASRec's (Kang and McAuley, arXiv 1808.09781): items and places in the sequence as vectors,
causal self-attention, and the scalar product with every item. It needs NumPy alone, learns
nothing, and knows only items that it was trained on.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 1  # raised when the layout of the file changes
_AT_ONCE = 512  # histories; bounds the memory of the attention

Floats = NDArray[np.float32]


class SequentialMismatchError(RuntimeError):
    """A file that is missing, damaged or trained for another catalog; says what to do."""


class SequentialModel:
    """Scores of a catalog's items after histories, in the catalog's order.

    `weights` holds `items` (n + 1, d), whose last row pads, `bias` (n,), `places` (longest, d)
    and for each layer l the arrays `l.…` named below.
    """

    def __init__(self, weights: Mapping[str, Floats], manifest: Mapping[str, Any]) -> None:
        self.manifest = dict(manifest)
        self._weights = dict(weights)
        self.count = len(weights["items"]) - 1
        self._longest = len(weights["places"])
        self._layers = int(manifest["layers"])
        self._heads = int(manifest["heads"])

    def scores(self, histories: Sequence[NDArray[np.integer[Any]]]) -> Floats:
        """Logits after each history of places, oldest first; float32 (len(histories), n).

        An empty history says nothing: all 0.
        """
        result = np.zeros((len(histories), self.count), dtype=np.float32)
        for part in self._parts(histories):
            states = self.states([histories[n] for n in part])
            result[part] = states @ self._weights["items"][:-1].T + self._weights["bias"]
        return result

    def scores_of(
        self, histories: Sequence[NDArray[np.integer[Any]]], items: NDArray[np.integer[Any]]
    ) -> Floats:
        """Logits of some items of each history's own, shape as `items`: (histories, m)."""
        result = np.zeros(items.shape, dtype=np.float32)
        for part in self._parts(histories):
            states = self.states([histories[n] for n in part])
            vectors = self._weights["items"][items[part]]  # (part, m, d)
            result[part] = np.einsum("pmd,pd->pm", vectors, states)
            result[part] += self._weights["bias"][items[part]]
        return result

    def _parts(self, histories: Sequence[NDArray[np.integer[Any]]]) -> Iterator[list[int]]:
        """Numbers of the histories that are not empty, those of like length together."""
        known = [n for n, history in enumerate(histories) if len(history)]
        known.sort(key=lambda n: len(histories[n]))
        for start in range(0, len(known), _AT_ONCE):
            yield known[start : start + _AT_ONCE]

    def states(self, histories: Sequence[NDArray[np.integer[Any]]]) -> Floats:
        """The state after the last item of each history, none of them empty; (n, d)."""
        cut = [history[-self._longest :] for history in histories]
        lengths = np.array([len(history) for history in cut])
        longest = int(lengths.max())
        ids = np.full((len(cut), longest), self.count, dtype=np.int64)
        for row, history in enumerate(cut):
            ids[row, : len(history)] = history
        w = self._weights
        x = w["items"][ids] * np.sqrt(w["items"].shape[1]) + w["places"][:longest]
        # Padding comes after the history, so that looking back never meets it.
        future = np.triu(np.full((longest, longest), -np.inf, dtype=np.float32), 1)
        for layer in range(self._layers):
            x = x + self._attention(_norm(x, w, f"{layer}.before"), layer, future)
            inner = _gelu(
                _norm(x, w, f"{layer}.between") @ w[f"{layer}.up"] + w[f"{layer}.up_bias"]
            )
            x = x + inner @ w[f"{layer}.down"] + w[f"{layer}.down_bias"]
        last = _norm(x[np.arange(len(cut)), lengths - 1], w, "after")
        return np.asarray(last, dtype=np.float32)

    def _attention(self, x: Floats, layer: int, future: Floats) -> Floats:
        count, length, width = x.shape
        joined = x @ self._weights[f"{layer}.qkv"] + self._weights[f"{layer}.qkv_bias"]
        shape = (count, length, 3, self._heads, width // self._heads)
        query, key, value = joined.reshape(shape).transpose(2, 0, 3, 1, 4)  # (n, heads, l, d/h)
        odds = query @ key.swapaxes(-1, -2) / np.sqrt(width // self._heads) + future
        odds = np.exp(odds - odds.max(axis=-1, keepdims=True))
        mixed = (odds / odds.sum(axis=-1, keepdims=True)) @ value
        flat = mixed.transpose(0, 2, 1, 3).reshape(count, length, width)
        result: Floats = flat @ self._weights[f"{layer}.out"] + self._weights[f"{layer}.out_bias"]
        return result


def save_sequential(path: Path, model: SequentialModel) -> None:
    """Write a model as one file, which is replaced as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    manifest = json.dumps({"format": FORMAT, **model.manifest})
    try:
        with os.fdopen(handle, "wb") as file:
            arrays: dict[str, Any] = {f"w.{k}": v for k, v in model._weights.items()}
            np.savez_compressed(file, manifest=np.array(manifest), **arrays)
        os.replace(draft, path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def load_sequential(path: Path, expected: Mapping[str, Any]) -> SequentialModel:
    """Read a model back. Raises `SequentialMismatchError` unless its manifest says `expected`."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            manifest = json.loads(str(stored["manifest"]))
            weights = {name[2:]: stored[name] for name in stored.files if name != "manifest"}
    except FileNotFoundError:
        raise SequentialMismatchError(f"{path}: there is no such file yet; train it") from None
    except Exception as error:
        # A damaged archive fails in zipfile, zlib, NumPy or JSON; the cause is always the file.
        raise SequentialMismatchError(f"{path}: can't be read ({error}); train it again") from error
    for key, value in {"format": FORMAT, **expected}.items():
        if manifest.get(key) != value:
            raise SequentialMismatchError(
                f"{path}: trained with {key} {manifest.get(key)!r}, in use is {value!r}; "
                f"train it again"
            )
    return SequentialModel(weights, manifest)


def _norm(x: Floats, weights: Mapping[str, Floats], name: str) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    result: Floats = centred / spread * weights[f"{name}.scale"] + weights[f"{name}.shift"]
    return result


def _gelu(x: Floats) -> Floats:
    # The usual approximation by tanh, as in training.
    result: Floats = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x * x * x)))
    return result
