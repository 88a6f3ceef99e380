"""Keys: a tonic, a mode, and the key signature that follows from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from generator.notation.errors import NotationError
from generator.notation.names import translatable
from generator.user_messages import UserMessage

LETTERS = "CDEFGAB"
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPS = "FCGDAEB"
_ALTER_NAMES = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


class Mode(StrEnum):
    """The seven modes of the diatonic scale; the value is the full name."""

    MAJOR = "major"
    MINOR = "minor"
    DORIAN = "dorian"
    MIXOLYDIAN = "mixolydian"
    PHRYGIAN = "phrygian"
    LYDIAN = "lydian"
    LOCRIAN = "locrian"

    @property
    def abc(self) -> str:
        """The suffix in a `K:` field: "", `m`, `dor` ..."""
        return {"major": "", "minor": "m"}.get(self.value, self.value[:3])


# Sharps in a mode's signature minus those of the major key on the same tonic.
_FIFTHS = {
    Mode.MAJOR: 0, Mode.MINOR: -3, Mode.DORIAN: -2, Mode.MIXOLYDIAN: -1,
    Mode.PHRYGIAN: -4, Mode.LYDIAN: 1, Mode.LOCRIAN: -5,
}  # fmt: skip
_MODE_NAMES = {"": Mode.MAJOR, "m": Mode.MINOR, "maj": Mode.MAJOR, "ion": Mode.MAJOR, "min": Mode.MINOR, "aeo": Mode.MINOR} | {
    mode.value[:3]: mode for mode in (Mode.DORIAN, Mode.MIXOLYDIAN, Mode.PHRYGIAN, Mode.LYDIAN, Mode.LOCRIAN)
}

# `D`, `Am`, `F#min`, `Bb Mixolydian`, `Edor`; the last group is the rest of the field (accidentals, clef).
_KEY = re.compile(r"([A-Ga-g])([#b]?)\s*([A-Za-z]*)(.*)", re.DOTALL)
_NO_KEY = re.compile(r"[A-Ga-g][#b]?[A-Za-z]*[\d-]")  # a chord such as `Dm7`; `d-moll` is not ABC
_EXTRA = re.compile(r"(?<!\S)(\^\^|\^|__|_|=)([A-Ga-g])(?!\S)")
_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


@dataclass(frozen=True)
class Key:
    """A tonic (`D`, `Bb`, `F#`), a mode, and extra accidentals that the mode doesn't have (`K:D ^g`)."""

    tonic: str
    mode: Mode = Mode.MAJOR
    extra: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if not -7 <= self.fifths <= 7:
            key = _key_name(self.tonic, self.mode)
            raise NotationError(UserMessage("The key {key} would need more than seven sharps or flats.", key=key), text=self.abc)

    @cached_property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) in the signature, before `extra`."""
        alter = self.tonic.count("#") - self.tonic.count("b")
        return _SHARPS.index(self.tonic[0]) - 1 + 7 * alter + _FIFTHS[self.mode]

    @cached_property
    def signature(self) -> dict[str, int]:
        """Letter → alteration in semitones, for all seven letters, `extra` included."""
        signature = dict.fromkeys(LETTERS, 0)
        for letter in _SHARPS[: max(self.fifths, 0)]:
            signature[letter] = 1
        for letter in _SHARPS[::-1][: max(-self.fifths, 0)]:
            signature[letter] = -1
        return signature | dict(self.extra)

    @property
    def pitch_class(self) -> int:
        """Semitones from C up to the tonic, 0 to 11."""
        return (SEMITONES[self.tonic[0]] + self.tonic.count("#") - self.tonic.count("b")) % 12

    @property
    def abc(self) -> str:
        """The value of a `K:` field: `D`, `Am`, `Edor`, `D ^g`."""
        marks = {value: mark for mark, value in _ACCIDENTALS.items()}
        return " ".join([self.tonic + self.mode.abc] + [marks[alter] + letter.lower() for letter, alter in self.extra])

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> UserMessage:
        """The name that people read: `A dorian`."""
        name, marks = _key_name(self.tonic, self.mode), self.abc.partition(" ")[2]
        return UserMessage("{key} with {marks}", key=name, marks=marks) if self.extra else name

    @classmethod
    def parse(cls, text: str) -> Key:
        """Reads a key in the spelling of ABC or of people: `Ador`, `D Mixolydian`, `F#m`, `g minor`, `HP`.

        Raises NotationError with the message to show.
        """
        value = text.strip().replace("♯", "#").replace("♭", "b")
        if value[:2] in ("HP", "Hp"):
            return cls("A", Mode.MIXOLYDIAN)  # the bagpipe scale; `Hp` shows its signature, `HP` doesn't
        if value.lower() in ("", "none") or value.startswith(("clef", "treble", "bass")):
            return cls("C")
        match = _KEY.fullmatch(value)
        if not match or _NO_KEY.match(value):
            message = UserMessage("“{text}” is not a key. Write it like D, Am, Edor or Bmix.", text=text[:40])
            raise NotationError(message, text=text)
        letter, accidental, word, rest = match.groups()
        mode = _mode(word)
        if mode is None or rest[:1].isalpha():  # `Dórico` is not D major
            first, _, rest = (word + rest).partition(" ")
            message = UserMessage("“{text}” is not a mode. Use major, minor, dor, mix, phr, lyd or loc.", text=first[:20])
            raise NotationError(message, text=text)
        extra = tuple((note.upper(), _ACCIDENTALS[mark]) for mark, note in _EXTRA.findall(rest))
        key = cls(letter.upper() + accidental, mode, extra)
        if word.lower() == "exp":  # explicit: `extra` replaces the mode's signature
            plain = cls(key.tonic, mode).signature
            naturals = tuple((name, 0) for name in LETTERS if plain[name] and name not in dict(extra))
            key = cls(key.tonic, mode, naturals + extra)
        return key


def _key_name(tonic: str, mode: Mode) -> UserMessage:
    return UserMessage("{tonic} {mode}", tonic=translatable(tonic), mode=translatable(mode))


def _mode(word: str) -> Mode | None:
    """The mode that a word names: ABC 2.1 looks at the first three letters, in any case. `exp` and clefs mean major."""
    lower = word.lower()
    if lower in ("exp", "clef", "treble", "bass", "alto", "tenor"):
        return Mode.MAJOR
    return _MODE_NAMES.get(lower[:3])


def mode_named(text: str) -> Mode | None:
    """The mode that text without a tonic names, such as `dorian`, `any mixolydian` or `maj`; None for other text."""
    word = text.strip().lower().removeprefix("any ").strip()
    return _MODE_NAMES.get(word[:3]) if word.isalpha() and len(word) > 2 else None


def alter_name(alter: int) -> str:
    """The accidental in a note's name: `#` for 1, `b` for -1 ..."""
    return _ALTER_NAMES[alter]


def transpose_tonic(pitch_class: int, mode: Mode) -> str:
    """The spelling of a tonic, 0 to 11 semitones above C, that gives the mode the smallest signature."""
    spellings = []
    for letter in LETTERS:
        for alter in (0, 1, -1):
            if (SEMITONES[letter] + alter) % 12 == pitch_class % 12:
                fifths = _SHARPS.index(letter) - 1 + 7 * alter + _FIFTHS[mode]
                spellings.append((abs(fifths), abs(alter), letter + alter_name(alter)))
    return min(spellings)[2]
