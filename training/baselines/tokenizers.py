"""Tokenizers: our own, and for the baselines characters and folk-rnn's tokens.

All of them start from the tune as our model knows it (`corpus.score_of`), so that every model learns the same music.

    tunesmith    R:reel M:4/4 K:dorian |: /24 0 2 …
    characters   the whole ABC text, as the MIT lab's model reads it: header with title, body with spaces and line breaks
    folk_rnn     R:reel M:4/4 K:Cdor |: C E G 2 …: the tokens of folk-rnn's second version, transposed to C. That version
                 has no rhythm; here it has one, so that all models get the same information.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.keys import Key, Mode
from generator.notation.score import Pitch
from generator.notation.writer import write
from training.batches import Array, Example
from training.corpus.corpus import Entry, parse_metre, score_of

UNKNOWN = "<unknown>"
# The first tokens of every vocabulary. The unknown rhythm has the same index as in ours: batches give it no weight.
SPECIAL = (*t.VOCABULARY[:4], UNKNOWN)
NEVER_SAMPLED = (t.PAD, t.START, UNKNOWN)  # they stand for no text


@dataclass(frozen=True, slots=True)
class Header:
    """The header that a tune is sampled for, with values as in an entry and in ABC; the rhythm may be empty."""

    rhythm: str
    metre: str
    key: str

    @classmethod
    def of(cls, entry: Entry) -> Header:
        return cls(entry.rhythm, entry.metre, entry.key)

    @property
    def title(self) -> str:
        return f"{self.rhythm.capitalize() or 'Tune'} in {Key.parse(self.key)}"


class Tokenizer(ABC):
    """Converts tunes to tokens and back. The vocabulary comes from the training tunes; index 0 is padding."""

    name: str
    vocabulary: tuple[str, ...]

    def __init__(self, training: Iterable[Entry]) -> None:
        """Tokens that occur in a single tune become unknown, so that a model learns how likely unknown tokens are."""
        self._encoded: dict[str, list[str]] = {}
        tune_counts = Counter(token for entry in training for token in set(self.encode(entry)))
        known = sorted(token for token, tunes in tune_counts.items() if tunes > 1 and token not in SPECIAL)
        self.vocabulary = (*SPECIAL, *known)
        self._index = {token: index for index, token in enumerate(self.vocabulary)}

    def encode(self, entry: Entry) -> list[str]:
        """The tokens of a tune from `<start>` to `<end>`, cached by the entry's id."""
        if entry.id not in self._encoded:
            self._encoded[entry.id] = [t.START, *self._tokenize(entry), t.END]
        return self._encoded[entry.id]

    @abstractmethod
    def _tokenize(self, entry: Entry) -> list[str]:
        """The tokens of a tune without `<start>` and `<end>`."""

    @abstractmethod
    def decode(self, tokens: Sequence[str], header: Header) -> str:
        """ABC text of a tune, which may come from a model and is not corrected. `header` gives what the tokens don't say."""

    @abstractmethod
    def opening(self, header: Header) -> list[str | None]:
        """The tokens of a header. None stands for text that the model writes itself, up to the end of the line."""

    def body_start(self, tokens: Sequence[str]) -> int:
        """Index of the first token after the header."""
        return 4

    def indices(self, tokens: Sequence[str]) -> Array:
        """Indices of tokens in the vocabulary; unknown ones become `<unknown>`."""
        unknown = self._index[UNKNOWN]
        return np.array([self._index.get(token, unknown) for token in tokens], np.int32)

    def example(self, entry: Entry) -> Example:
        """An example with the token as its only column."""
        return Example(self.indices(self.encode(entry))[:, None], sum(map(t.is_pitch, entry.tokens)))


class TunesmithTokenizer(Tokenizer):
    """Our own tokens. Samples are decoded as they are."""

    name = "tunesmith"

    def __init__(self, training: Iterable[Entry] = ()) -> None:
        self.vocabulary, self._index, self._encoded = t.VOCABULARY, t.INDEX, {}

    def _tokenize(self, entry: Entry) -> list[str]:
        return entry.tokens[1:-1]

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        if any(token[:2] in ("R:", "M:", "K:") for token in tokens[4:]):  # `t.decode` would ignore these
            return " ".join(tokens)
        try:
            score = t.decode(tokens, Key.parse(header.key), parse_metre(header.metre))
            return write(replace(score, title=header.title, rhythm=header.rhythm))
        except (NotationError, LookupError, ValueError):
            return " ".join(tokens)  # not a tune; the ABC reader will report it

    def opening(self, header: Header) -> list[str | None]:
        return list(t.header_tokens(header.rhythm or None, parse_metre(header.metre), Key.parse(header.key).mode))

    def indices(self, tokens: Sequence[str]) -> Array:
        return np.array([t.INDEX[token] for token in tokens], np.int32)

    def example(self, entry: Entry) -> Example:
        return Example.of(entry.tokens, Key.parse(entry.key))


class CharacterTokenizer(Tokenizer):
    """The characters of the ABC text, as in the MIT lab. `<end>` and `<start>` replace the blank line between two tunes."""

    name = "characters"

    def _tokenize(self, entry: Entry) -> list[str]:
        return list(write(score_of(entry)).rstrip("\n"))

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        return "".join(token for token in tokens if token not in SPECIAL) + "\n"

    def opening(self, header: Header) -> list[str | None]:
        rhythm = f"R:{header.rhythm}\n" if header.rhythm else ""
        return [t.START, *"X:1\nT:", None, *f"{rhythm}M:{header.metre}\nL:1/8\nK:{header.key}\n"]

    def body_start(self, tokens: Sequence[str]) -> int:
        """After the line with the key."""
        key_lines = (index for index in range(len(tokens) - 2) if list(tokens[index : index + 3]) == ["\n", "K", ":"])
        return list(tokens).index("\n", next(key_lines) + 1) + 1


_MODES = {Mode.MAJOR: "maj", Mode.MINOR: "min", Mode.DORIAN: "dor", Mode.MIXOLYDIAN: "mix"}
# Symbols that our ABC writer writes differently. The final bar line becomes an ordinary one, since `<end>` follows.
_FOLK_RNN_SYMBOLS = {"/": "/2", "|[1": "|1", ":|[2": ":| |2", "|]": "|", ":|]": ":|"}
_ALTERATIONS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}


class FolkRnnTokenizer(Tokenizer):
    """folk-rnn's tokens: pitches, lengths other than the unit, and bar lines; no spaces or line breaks; all tunes on C."""

    name = "folk_rnn"
    _TOKEN = re.compile(r":?\|\]|:?\|\[[12]|\|:|:\||\|\||\||\(3|[_^=]*[A-Ga-gz][,']*|\d+/\d+|\d+|/\d*|[<>-]")

    def _tokenize(self, entry: Entry) -> list[str]:
        mode = Key.parse(entry.key).mode
        text = re.sub(r"\s+", "", write(score_of(entry, Key("C", mode)), header=False))
        symbols = self._TOKEN.findall(text)
        if "".join(symbols) != text:
            raise ValueError(f"{entry.id} contains text that folk-rnn's tokens cannot represent.")
        tokens = " ".join(_FOLK_RNN_SYMBOLS.get(symbol, symbol) for symbol in symbols).split()
        rhythm = f"R:{entry.rhythm}" if entry.rhythm else t.ANY_RHYTHM
        return [rhythm, f"M:{entry.metre}", f"K:C{_MODES[mode]}", *tokens]

    def decode(self, tokens: Sequence[str], header: Header) -> str:
        """ABC in the header's key: each pitch has the same distance from the tonic as it had from C."""
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
    """Transposes a pitch from C to the key's tonic in the same mode. It has an accidental if it had one before."""
    mark, letter, octaves = re.fullmatch(r"([_^=]*)(.)([,']*)", token).groups()  # type: ignore[union-attr]
    octave = (5 if letter.islower() else 4) + octaves.count("'") - octaves.count(",")
    pitch = Pitch.at(Pitch(letter.upper(), octave).staff - Pitch("C", 4).staff + t.tonic_pitch(key).staff)
    if mark:
        alter = _ALTERATIONS.get(mark, 0) - Key("C", key.mode).signature[letter.upper()] + key.signature[pitch.letter]
        mark = next((name for name, value in _ALTERATIONS.items() if value == alter), mark)
    if pitch.octave >= 5:
        return mark + pitch.letter.lower() + "'" * (pitch.octave - 5)
    return mark + pitch.letter + "," * (4 - pitch.octave)


TOKENIZERS: dict[str, type[Tokenizer]] = {kind.name: kind for kind in (TunesmithTokenizer, CharacterTokenizer, FolkRnnTokenizer)}


def make_tokenizer(name: str, training: Iterable[Entry]) -> Tokenizer:
    """The tokenizer of that name, with the vocabulary of these tunes; raises ValueError for an unknown name."""
    if name not in TOKENIZERS:
        raise ValueError(f"Unknown tokenizer {name}: choose one of {', '.join(TOKENIZERS)}.")
    return TOKENIZERS[name](training)
