"""The trained title model writes: many titles side by side, letter by letter, only words that it learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.titles.model import CONDITIONS, END, LETTERS
from training.titles.rules import LONGEST, Rules, cased, letters

Floats = NDArray[np.float32]

TEMPERATURE = 0.9
DRAWS = 2048  # titles drawn side by side
ROUNDS = 64  # of draws for each rhythm


class Network:
    """The model in plain numpy, where a step for thousands of titles is one matrix product."""

    def __init__(
        self,
        after: Floats,
        conditions: Mapping[str, Floats],
        recurrent: Floats,
        output: Floats,
        bias: Floats,
        words: Iterable[str],
    ) -> None:
        self._after = after  # [character, 4 units]: its share of the gates, with the bias
        self._for = conditions  # the rhythm's share
        self._recurrent = recurrent  # [units, 4 units], gates as Keras orders them
        self._output, self._bias = output, bias
        self._spelling = _spelling(words)

    @classmethod
    def of(cls, model: Any, titles: Iterable[str]) -> Self:
        """The network of a Keras model, its embeddings folded into the gates, that writes the words of these titles."""
        spelt, asked = (np.asarray(model.get_layer(name).get_weights()[0]) for name in ("characters", "rhythms"))
        kernel, recurrent, bias = model.get_layer("lstm").get_weights()
        conditions = dict(zip(CONDITIONS, asked @ kernel[spelt.shape[1] :], strict=True))
        words = {word for title in titles for word in title.split()}
        after = spelt @ kernel[: spelt.shape[1]] + bias
        output, output_bias = model.get_layer("output").get_weights()
        return cls(after, conditions, recurrent, output, output_bias, words)

    def draw(self, rhythm: str, rng: np.random.Generator, draws: int = DRAWS) -> list[str]:
        """Titles as the model writes them, in small letters; one that finds no end is cut off after LONGEST + 1."""
        hidden, cell = self.start(draws)
        written, rows = [""] * draws, np.arange(draws)  # the rows that are not at their end
        last, places = np.zeros((2, draws), np.intp)  # characters; places in the tree of spellings
        while len(rows) and len(written[rows[0]]) <= LONGEST:
            scores, hidden, cell = self.step(last, rhythm, hidden, cell)
            spelt = np.where(self._spelling[places] < 0, -np.inf, scores.astype(np.float64) / TEMPERATURE)
            shares = np.exp(spelt - spelt.max(axis=1, keepdims=True)).cumsum(axis=1)
            points = rng.random(len(rows)) * shares[:, -1]
            last = np.minimum((shares <= points[:, None]).sum(axis=1), len(LETTERS) - 1)
            places = self._spelling[places, last]
            going = last != 0
            rows, last, places, hidden, cell = (each[going] for each in (rows, last, places, hidden, cell))
            for row, code in zip(rows, last, strict=True):
                written[row] += LETTERS[code]
        return written

    def start(self, rows: int) -> tuple[Floats, Floats]:
        """The state [row, units] before the first character."""
        hidden, cell = np.zeros((2, rows, len(self._recurrent)), np.float32)
        return hidden, cell

    def step(self, last: NDArray[np.intp], rhythm: str, hidden: Floats, cell: Floats) -> tuple[Floats, Floats, Floats]:
        """Scores for the next character [row, character], and the state [row, units], after the last one."""
        units = len(self._recurrent)
        gates = self._after[last] + self._for[rhythm] + hidden @ self._recurrent
        enter, keep, new, show = (gates[:, part * units : (part + 1) * units] for part in range(4))
        cell = _sigmoid(keep) * cell + _sigmoid(enter) * np.tanh(new)
        hidden = _sigmoid(show) * np.tanh(cell)
        return hidden @ self._output + self._bias, hidden, cell


def new_titles(network: Network, rules: Rules, *, rounds: int = ROUNDS, seed: int = 1) -> dict[str, list[str]]:
    """The good titles, with capitals, among those that the model writes for each rhythm, and for an open one.

    The rhythms take turns, and a title stays with the one that it first came up for: no two are alike as titles are compared.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, list[str]] = {rhythm: [] for rhythm in CONDITIONS}
    taken: set[str] = set()
    for _ in range(rounds):
        for rhythm, listed in found.items():
            for title in network.draw(rhythm, rng):
                if rules.refusal(title, rhythm) is None and (form := letters(title)) not in taken:
                    taken.add(form)
                    listed.append(cased(title))
    return found


def _spelling(words: Iterable[str]) -> NDArray[np.int32]:
    """The words as a tree [place, letter] of places to go to; -1 where none begins so. A whole word leads back to 0."""
    tree = [[-1] * len(LETTERS)]
    for word in sorted(words):
        place = 0
        for letter in word:
            code = LETTERS.index(letter)
            if tree[place][code] < 0:
                tree[place][code] = len(tree)
                tree.append([-1] * len(LETTERS))
            place = tree[place][code]
        tree[place][LETTERS.index(" ")] = tree[place][LETTERS.index(END)] = 0
    return np.array(tree, np.int32)


def _sigmoid(values: Floats) -> Floats:
    half = np.float32(0.5)
    share: Floats = np.tanh(values * half) * half + half  # unlike 1 / (1 + exp), it cannot overflow
    return share
