"""The forms in which models read tunes: our own tokens, and for the baselines characters and folk-rnn's tokens.

All forms are made from the tune as our own model knows it (`corpus.score_of`), written by our own writer, so that every
model learns the same music. A form says which of its tokens belong to the tune's body, and the measure that is comparable
between forms is bits per note: what a model needs for the tokens of the bodies, their ends included, divided by the notes.

    tunesmith    R:reel M:4/4 K:dorian |: /24 0 2 …
    characters   the whole text, as the MIT lab's model reads it: header with title, body with gaps and line breaks
    folk_rnn     R:reel M:4/4 K:Cdor |: C E G 2 …: the tokens of folk-rnn's second version, everything on C; that version
                 has no rhythm, which is added here so that all models are told as much
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key, Mode
from generator.notation.score import Pitch
from generator.notation.writer import write
from training.baselines.windows import Windows
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, parse_metre, score_of
from training.dataset import Array, Batches, Example

UNKNOWN = "<unknown>"
# Every form's first tokens. The open rhythm keeps the place that it has in our own, where batches give it no weight.
SPECIAL = (*t.VOCABULARY[:4], UNKNOWN)
NEVER_DRAWN = (t.PAD, t.START, UNKNOWN)  # they spell nothing

Judge = Callable[[Sequence[Example]], list[NDArray[np.float64]]]  # the bits of each token but the first, for each example


@dataclass(frozen=True, slots=True)
class Header:
    """What a tune is asked to be, as an entry and ABC write it; an empty rhythm leaves it open."""

    rhythm: str
    metre: str
    key: str

    @classmethod
    def of(cls, entry: Entry) -> Header:
        return cls(entry.rhythm, entry.metre, entry.key)

    @property
    def title(self) -> str:
        return f"{self.rhythm.capitalize() or 'Tune'} in {Key.parse(self.key)}"


class Form(ABC):
    """A way to spell tunes. Its vocabulary is that of the training tunes; index 0 is padding."""

    name: str
    vocabulary: tuple[str, ...]

    def __init__(self, training: Iterable[Entry]) -> None:
        """Tokens of a single tune count as unknown, so that a model can learn how likely the unknown is."""
        self._spelled: dict[str, list[str]] = {}
        holders = Counter(token for entry in training for token in set(self.encode(entry)))
        known = sorted(token for token, tunes in holders.items() if tunes > 1 and token not in SPECIAL)
        self.vocabulary = (*SPECIAL, *known)
        self._index = {token: index for index, token in enumerate(self.vocabulary)}

    def encode(self, entry: Entry) -> list[str]:
        """The tune from `<start>` to `<end>`. Spelled once: entries are known by their ids."""
        if entry.id not in self._spelled:
            self._spelled[entry.id] = [t.START, *self._spell(entry), t.END]
        return self._spelled[entry.id]

    @abstractmethod
    def _spell(self, entry: Entry) -> list[str]:
        """The tune without its first and last token."""

    @abstractmethod
    def decode(self, tokens: Sequence[str], header: Header) -> str:
        """ABC text of a tune that may be a model's: nothing is repaired. The header gives what the tokens leave open."""

    @abstractmethod
    def opening(self, header: Header) -> list[str | None]:
        """The tokens that a tune so asked for begins with; None stands for what the model writes to the end of a line."""

    def body(self, tokens: Sequence[str]) -> int:
        """The index of the body's first token."""
        return 4

    def indices(self, tokens: Sequence[str]) -> Array:
        """Tokens as numbers; what the vocabulary lacks is unknown."""
        unknown = self._index[UNKNOWN]
        return np.array([self._index.get(token, unknown) for token in tokens], np.int32)

    def example(self, entry: Entry) -> Example:
        """The tune for training and judging: one column, the token."""
        return Example(self.indices(self.encode(entry))[:, None], sum(map(t.is_pitch, entry.tokens)))


class Tunesmith(Form):
    """Our own tokens. They spell what they spell: raw samples are decoded as they come."""

    name = "tunesmith"

    def __init__(self, training: Iterable[Entry] = ()) -> None:
        self.vocabulary, self._index, self._spelled = t.VOCABULARY, t.INDEX, {}

    def _spell(self, entry: Entry) -> list[str]:
        return entry.tokens[1:-1]

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        if any(token[:2] in ("R:", "M:", "K:") for token in tokens[4:]):  # `t.decode` would pass over them
            return " ".join(tokens)
        try:
            score = t.decode(tokens, Key.parse(header.key), parse_metre(header.metre))
            return write(replace(score, title=header.title, rhythm=header.rhythm))
        except (NotationError, LookupError, ValueError):
            return " ".join(tokens)  # no tune: whoever reads it finds out

    def opening(self, header: Header) -> list[str | None]:
        return list(t.header_tokens(header.rhythm or None, parse_metre(header.metre), Key.parse(header.key).mode))

    def indices(self, tokens: Sequence[str]) -> Array:
        return np.array([t.INDEX[token] for token in tokens], np.int32)

    def example(self, entry: Entry) -> Example:
        return Example.of(entry.tokens, Key.parse(entry.key))


class Characters(Form):
    """The MIT lab's form: the text of the tune. Instead of the blank line between two tunes stand `<end>` and `<start>`."""

    name = "characters"

    def _spell(self, entry: Entry) -> list[str]:
        return list(write(score_of(entry)).rstrip("\n"))

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        return "".join(token for token in tokens if token not in SPECIAL) + "\n"

    def opening(self, header: Header) -> list[str | None]:
        rhythm = f"R:{header.rhythm}\n" if header.rhythm else ""
        return [t.START, *"X:1\nT:", None, *f"{rhythm}M:{header.metre}\nL:1/8\nK:{header.key}\n"]

    def body(self, tokens: Sequence[str]) -> int:
        """After the line of the key."""
        starts = (at for at in range(len(tokens) - 2) if list(tokens[at : at + 3]) == ["\n", "K", ":"])
        return list(tokens).index("\n", next(starts) + 1) + 1


_MODES = {Mode.MAJOR: "maj", Mode.MINOR: "min", Mode.DORIAN: "dor", Mode.MIXOLYDIAN: "mix"}
# What our writer spells otherwise. The line that ends a tune is an ordinary one, for `<end>` follows.
_AS_FOLK_RNN = {"/": "/2", "|[1": "|1", ":|[2": ":| |2", "|]": "|", ":|]": ":|"}
_ALTERATIONS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}


class FolkRnn(Form):
    """folk-rnn's tokens: a pitch, its length where it is not the unit, bar lines; no gaps, no line breaks, all on C."""

    name = "folk_rnn"
    _TOKEN = re.compile(r":?\|\]|:?\|\[[12]|\|:|:\||\|\||\||\(3|[_^=]*[A-Ga-gz][,']*|\d+/\d+|\d+|/\d*|[<>-]")

    def _spell(self, entry: Entry) -> list[str]:
        mode = Key.parse(entry.key).mode
        text = re.sub(r"\s+", "", write(score_of(entry, Key("C", mode)), header=False))
        found = self._TOKEN.findall(text)
        if "".join(found) != text:
            raise ValueError(f"{entry.id} holds something that folk-rnn's tokens have no word for.")
        spelled = " ".join(_AS_FOLK_RNN.get(part, part) for part in found).split()
        rhythm = f"R:{entry.rhythm}" if entry.rhythm else t.ANY_RHYTHM
        return [rhythm, f"M:{entry.metre}", f"K:C{_MODES[mode]}", *spelled]

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        """In the key that was asked for: each pitch as far from the tonic as it was from C."""
        key = Key.parse(header.key)
        rhythm = f"R:{header.rhythm}\n" if header.rhythm else ""
        body = ""
        for token in tokens[4:]:
            if token == t.END:
                break
            if token in ("|1", "|2"):
                body += ("" if body.endswith("|") else "|") + f"[{token[1]} "
            else:
                body += _transposed(token, key) if token.strip("_^=,'") in "ABCDEFGabcdefg" else token
        return f"X:1\nT:{header.title}\n{rhythm}M:{header.metre}\nL:1/8\nK:{key.abc}\n{body}\n"

    def opening(self, header: Header) -> list[str | None]:
        rhythm = f"R:{header.rhythm}" if header.rhythm else t.ANY_RHYTHM
        return [t.START, rhythm, f"M:{header.metre}", f"K:C{_MODES[Key.parse(header.key).mode]}"]


def _transposed(token: str, key: Key) -> str:
    """A pitch over C as that over the key's tonic in the same mode. It has an accidental if it had one."""
    mark, letter, octaves = re.fullmatch(r"([_^=]*)(.)([,']*)", token).groups()  # type: ignore[union-attr]
    octave = (5 if letter.islower() else 4) + octaves.count("'") - octaves.count(",")
    pitch = Pitch.at(Pitch(letter.upper(), octave).staff - Pitch("C", 4).staff + t.tonic_pitch(key).staff)
    if mark:
        alter = _ALTERATIONS.get(mark, 0) - Key("C", key.mode).signature[letter.upper()] + key.signature[pitch.letter]
        mark = next((name for name, value in _ALTERATIONS.items() if value == alter), mark)
    if pitch.octave >= 5:
        return mark + pitch.letter.lower() + "'" * (pitch.octave - 5)
    return mark + pitch.letter + "," * (4 - pitch.octave)


FORMS: dict[str, type[Form]] = {kind.name: kind for kind in (Tunesmith, Characters, FolkRnn)}


def form(name: str, training: Iterable[Entry]) -> Form:
    """The form of that name with the vocabulary of these tunes; raises ValueError for a name that is none."""
    if name not in FORMS:
        raise ValueError(f"There is no form of tokens called {name}, only {', '.join(FORMS)}.")
    return FORMS[name](training)


def batches(config: TrainConfig, corpus: Corpus) -> tuple[Batches, Batches, int]:
    """What a model of another form than ours trains and is validated on, and the size of its vocabulary."""
    spelling = form(config.tokens, corpus.split("train"))
    training, held_out = ([spelling.example(entry) for entry in corpus.split(side)] for side in ("train", "validation"))
    if config.window:
        dealt: Batches = Windows(training, config.batch, config.window, seed=config.seed)
    else:
        dealt = Batches(training, config.batch, seed=config.seed)
    return dealt, Batches(held_out, max(config.batch, 32)), len(spelling.vocabulary)


def bits_per_note(form: Form, entries: Sequence[Entry], judge: Judge) -> float:
    """The bits that a model needs for a note of these tunes: everything after the header, the end included.

    A token that the vocabulary lacks costs what the unknown costs, and not also which of the unknown it is: too little
    rather than too much.
    """
    examples = [form.example(entry) for entry in entries]
    bits = sum(
        float(costs[form.body(form.encode(entry)) - 1 :].sum()) for entry, costs in zip(entries, judge(examples), strict=True)
    )
    return bits / sum(example.notes for example in examples)


def judge_of(model: Any, batch: int = 32) -> Judge:
    """How a Keras model judges examples: each tune from an empty state."""

    def judge(examples: Sequence[Example]) -> list[NDArray[np.float64]]:
        found: dict[int, NDArray[np.float64]] = {}
        batches = Batches(examples, batch)
        for group, (inputs, targets, _) in zip(batches.groups, batches, strict=True):
            logits = np.asarray(model(inputs, training=False), np.float64)  # (batch, time, vocabulary)
            logits -= logits.max(-1, keepdims=True)
            nats = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, targets[..., None], -1)[..., 0]
            for row, at in enumerate(group):
                found[int(at)] = nats[row, : len(examples[at].tokens) - 1] / math.log(2)
        return [found[at] for at in range(len(examples))]

    return judge
