"""Proposes titles for tunes: a small character LSTM in plain numpy, and the rules that a title has to pass.

The model writes small letters, given the rhythm, and only words that it learned; capitals follow from rules. The known titles
are kept as hashes, for among them are some that nobody should have to read. Training is `training.titles`.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from generator.composer.title_rules import LONGEST, cased, ill_formed, joints, letters, names_other_rhythm, shape
from generator.composer.unfit import unfit
from generator.composer.weights import WeightsError

Floats = NDArray[np.float32]

SHIPPED = Path(__file__).parent.parent / "weights" / "titles.npz"
END = "\n"
LETTERS = END + " '-abcdefghijklmnopqrstuvwxyzáéíóú"
TEMPERATURE = 0.9
DRAWS = 8  # titles drawn side by side
ROUNDS = 32  # of draws before `propose` gives up
_SALT = 0x7171E5  # keeps the titles' random numbers apart from the notes'


def digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


class Titles:
    """The title model. One for all threads: it holds nothing but what it read. Raises WeightsError."""

    def __init__(self, path: Path = SHIPPED) -> None:
        self._threads = ThreadpoolController()
        try:
            with np.load(path, allow_pickle=False) as file:
                self._read(file)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise WeightsError(f"The titles in {path} cannot be read ({error}). Restore them with git, or train them.") from error

    def _read(self, file: Mapping[str, NDArray[Any]]) -> None:
        self._after = file["characters"].astype(np.float32)  # [character, 4 units]: its share of the gates, with the bias
        self._for = dict(zip(file["rhythms"].tolist(), file["conditions"].astype(np.float32), strict=True))
        self._recurrent = file["recurrent"].astype(np.float32)  # [units, 4 units], gates as Keras orders them
        self._output, self._bias = file["output"].astype(np.float32), file["bias"].astype(np.float32)
        self._known, self._shapes = frozenset(file["known"].tolist()), frozenset(file["shapes"].tolist())
        self._spelling = _spelling(bytes(file["words"]).decode().split())

    def propose(self, rhythm: str, rng: np.random.Generator) -> str:
        """A title that fits a tune of this rhythm (empty: any), the same for the same generator; empty if none came up."""
        with self._threads.limit(limits=1):  # the products are small: two threads would mostly wait for each other
            return next(self.proposals(rhythm, rng), "")

    def proposals(self, rhythm: str, rng: np.random.Generator) -> Iterator[str]:
        """All good titles among those that are drawn before it gives up."""
        for _ in range(ROUNDS):
            yield from (cased(title) for title in self.draw(rhythm, rng) if self.refusal(title, rhythm) is None)

    def refusal(self, title: str, rhythm: str) -> str | None:
        """The rule that a title in small letters breaks, None for a good one."""
        if ill_formed(title):
            return "ill-formed"
        if unfit(title):
            return "unfit"
        if names_other_rhythm(title, rhythm):
            return "other rhythm"
        if not all(map(self._seen, shape(title))):
            return "ill-shaped"
        for one, two in joints(title):
            if not self._seen(f"{one} {two}") and not (self._seen(f"{one} *") and self._seen(f"* {two}")):
                return "ill-matched"
        return "known" if self.is_known(title) else None

    def _seen(self, part: str) -> bool:
        return digest(part) in self._shapes

    def is_known(self, title: str) -> bool:
        """Whether the title is one of the collections', or but one letter away from it."""
        text = letters(title)
        return any(digest(near) in self._known for near in _within_one(text))

    def draw(self, rhythm: str, rng: np.random.Generator) -> list[str]:
        """Some titles as the model writes them, in small letters; one that finds no end is cut off after LONGEST + 1."""
        hidden, cell = np.zeros((2, DRAWS, len(self._recurrent)), np.float32)
        written, rows = [""] * DRAWS, np.arange(DRAWS)  # the rows that are not at their end
        last, places = np.zeros((2, DRAWS), np.intp)  # characters; places in the tree of spellings
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

    def step(self, last: NDArray[np.intp], rhythm: str, hidden: Floats, cell: Floats) -> tuple[Floats, Floats, Floats]:
        """Scores for the next character [row, character], and the state [row, units], after the last one."""
        units = len(self._recurrent)
        gates = self._after[last] + self._for[rhythm if rhythm in self._for else ""] + hidden @ self._recurrent
        enter, keep, new, show = (gates[:, part * units : (part + 1) * units] for part in range(4))
        cell = _sigmoid(keep) * cell + _sigmoid(enter) * np.tanh(new)
        hidden = _sigmoid(show) * np.tanh(cell)
        return hidden @ self._output + self._bias, hidden, cell


def _spelling(words: Iterable[str]) -> NDArray[np.int32]:
    """The words as a tree [place, letter] of places to go to; -1 where none begins so. A whole word leads back to 0."""
    tree = [[-1] * len(LETTERS)]
    for word in words:
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


def _within_one(text: str) -> Iterator[str]:
    """The text, and all that one letter more, less or other makes of it."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    yield text
    for place in range(len(text) + 1):
        head, tail = text[:place], text[place:]
        yield from (head + letter + tail for letter in alphabet)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in alphabet)


@cache
def shipped() -> Titles:
    return Titles()


def title_for(rhythm: str, seed: int, tokens: Sequence[str]) -> str:
    """The title of the tune that a seed led to; empty if none came up.

    It takes nothing from the notes' random numbers. Tunes of one seed that differ in their notes have titles of their own.
    """
    notes = zlib.crc32(" ".join(tokens).encode())
    return shipped().propose(rhythm, np.random.default_rng((seed, notes, _SALT)))
