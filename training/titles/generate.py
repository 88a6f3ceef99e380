"""Generates titles with the trained model: a large batch in parallel, character by character, using only words from training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from training.titles.model import CONDITIONS, END, LETTERS
from training.titles.title_filter import LONGEST, TitleFilter, comparison_key, to_title_case

Floats = NDArray[np.float32]

TEMPERATURE = 0.9
BATCH_SIZE = 2048  # titles generated in parallel
ROUNDS = 64  # batches for each rhythm


class TitleModel(Protocol):
    def generate(self, rhythm: str, rng: np.random.Generator) -> list[str]: ...


class NumpyTitleModel:
    """The title model in numpy: one matrix product per step for the whole batch."""

    def __init__(
        self,
        after: Floats,
        conditions: Mapping[str, Floats],
        recurrent: Floats,
        output: Floats,
        bias: Floats,
        words: Iterable[str],
    ) -> None:
        self._after = after  # (characters, 4 · units): each character's contribution to the gates, with the bias
        self._conditions = conditions  # rhythm → its contribution to the gates
        self._recurrent = recurrent  # (units, 4 · units), gates in Keras' order
        self._output, self._bias = output, bias
        self._trie = _build_trie(words)

    @classmethod
    def of(cls, model: Any, titles: Iterable[str]) -> Self:
        """Converts a Keras model: folds its embeddings into the gates and restricts the words to those of `titles`."""
        character_embedding, rhythm_embedding = (model.get_layer(name).get_weights()[0] for name in ("characters", "rhythms"))
        kernel, recurrent, bias = model.get_layer("lstm").get_weights()
        width = character_embedding.shape[1]
        conditions = dict(zip(CONDITIONS, rhythm_embedding @ kernel[width:], strict=True))
        words = {word for title in titles for word in title.split()}
        after = character_embedding @ kernel[:width] + bias
        output, output_bias = model.get_layer("output").get_weights()
        return cls(after, conditions, recurrent, output, output_bias, words)

    def generate(self, rhythm: str, rng: np.random.Generator, count: int = BATCH_SIZE) -> list[str]:
        """Generates titles in lower case. A title without an end is cut off after LONGEST + 1 characters."""
        hidden, cell = self.start(count)
        written, rows = [""] * count, np.arange(count)  # rows that are not finished
        last, nodes = np.zeros((2, count), np.intp)  # last characters; nodes of the trie
        while len(rows) and len(written[rows[0]]) <= LONGEST:
            logits, hidden, cell = self.step(last, rhythm, hidden, cell)
            masked = np.where(self._trie[nodes] < 0, -np.inf, logits.astype(np.float64) / TEMPERATURE)
            cumulative = np.exp(masked - masked.max(axis=1, keepdims=True)).cumsum(axis=1)
            points = rng.random(len(rows)) * cumulative[:, -1]
            last = np.minimum((cumulative <= points[:, None]).sum(axis=1), len(LETTERS) - 1)
            nodes = self._trie[nodes, last]
            unfinished = last != 0
            rows, last, nodes, hidden, cell = (each[unfinished] for each in (rows, last, nodes, hidden, cell))
            for row, code in zip(rows, last, strict=True):
                written[row] += LETTERS[code]
        return written

    def start(self, rows: int) -> tuple[Floats, Floats]:
        """The hidden and cell state (rows, units) before the first character."""
        hidden, cell = np.zeros((2, rows, len(self._recurrent)), np.float32)
        return hidden, cell

    def step(self, last: NDArray[np.intp], rhythm: str, hidden: Floats, cell: Floats) -> tuple[Floats, Floats, Floats]:
        """Advances by one character. Returns logits (rows, characters) and the new hidden and cell state (rows, units)."""
        units = len(self._recurrent)
        gates = self._after[last] + self._conditions[rhythm] + hidden @ self._recurrent
        input_gate, forget_gate, candidate, output_gate = (gates[:, gate * units : (gate + 1) * units] for gate in range(4))
        cell = _sigmoid(forget_gate) * cell + _sigmoid(input_gate) * np.tanh(candidate)
        hidden = _sigmoid(output_gate) * np.tanh(cell)
        return hidden @ self._output + self._bias, hidden, cell


def generate_titles(model: TitleModel, title_filter: TitleFilter, *, rounds: int = ROUNDS, seed: int = 1) -> dict[str, list[str]]:
    """Generates titles for each rhythm, and for none, and keeps those that pass the filter, in title case.

    The rhythms take turns. A title belongs to the rhythm that it was generated for first: no two titles compare as equal.
    """
    rng = np.random.default_rng(seed)
    titles: dict[str, list[str]] = {rhythm: [] for rhythm in CONDITIONS}
    taken: set[str] = set()
    for _ in range(rounds):
        for rhythm, accepted in titles.items():
            for title in model.generate(rhythm, rng):
                if title_filter.rejection_reason(title, rhythm) is None and (key := comparison_key(title)) not in taken:
                    taken.add(key)
                    accepted.append(to_title_case(title))
    return titles


def _build_trie(words: Iterable[str]) -> NDArray[np.int32]:
    """A trie (node, character) → next node, -1 if no word continues like this. The end of a word leads back to node 0."""
    trie = [[-1] * len(LETTERS)]
    for word in sorted(words):
        node = 0
        for letter in word:
            code = LETTERS.index(letter)
            if trie[node][code] < 0:
                trie[node][code] = len(trie)
                trie.append([-1] * len(LETTERS))
            node = trie[node][code]
        trie[node][LETTERS.index(" ")] = trie[node][LETTERS.index(END)] = 0
    return np.array(trie, np.int32)


def _sigmoid(values: Floats) -> Floats:
    half = np.float32(0.5)
    share: Floats = np.tanh(values * half) * half + half  # unlike 1 / (1 + exp), it cannot overflow
    return share
