"""The forms of real tunes, of which one is drawn for each tune that is composed: parts, their bars, repeats, returns and lifts.

The table holds counts of the training tunes (see training.form_data). A form is written as `A8x2 B8x2`: the letter of each part,
its bars, and x2 if it is played twice. The returns of a part are written with one word for each bar: `.` for a bar of which
nothing was there before; else how much of an earlier bar returns (`-` some, `~` most, `=` all of it), whether that bar is in
this part (o), the first (f) or the previous one (p), and its number from 1 on. So `. . . . =o1 =o2 ~f7 =f8` is a part whose
second half begins as the first half does and ends as the first part does.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from generator.composer.form import PartForm
from generator.composer.returns import ALL, MOST, NOTHING, SOME, Outline, lift_class
from generator.composer.weights import SHIPPED, Weights, WeightsError
from generator.notation.frequency_tables import weighted_choice
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.tokens import token_metre

FILE = "forms.json"
ENOUGH = 10  # parts of a rhythm for returns of its own; else those of all rhythms are taken
_SIGNS = {SOME: "-", MOST: "~", ALL: "="}
_LIKENESS = {sign: likeness for likeness, sign in _SIGNS.items()}

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FormTable:
    """Counts of forms, returns and lifts. A group is a rhythm in a metre (`jig 6/8`), a metre (`6/8`) or all tunes (``)."""

    forms: Mapping[str, Counts]  # group → form → tunes
    # group → bars of the part (`8` of the first, `8 after 8` of a later one) → returns → parts
    returns: Mapping[str, Mapping[str, Counts]]
    lifts: Mapping[str, Counts]  # group → lift_class of a part after the first → parts

    @classmethod
    def load(cls, path: Path | None = None) -> FormTable:
        """Reads what `save` wrote, by default the shipped file. Raises WeightsError."""
        path = path or SHIPPED / FILE
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise WeightsError(f"The forms of real tunes in {path} cannot be read ({error}). Restore them with git.") from error

    @classmethod
    def beside(cls, weights: Weights) -> FormTable:
        """The table in the folder of the weights, or else the shipped one. Raises WeightsError."""
        path = weights.folder / FILE
        return cls.load(path) if path.exists() else shipped_forms()

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"forms": self.forms, "returns": self.returns, "lifts": self.lifts}
        path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")

    def draw_dance(self, rng: random.Random, rhythm: str | None, metre: Metre | None) -> tuple[str | None, Metre | None]:
        """A rhythm and a metre as frequent as in real tunes; what is given is kept. No rhythm where no real tune is known."""
        wanted = token_metre(metre) if metre else None
        counts = {
            (name, each): sum(self.forms.get(f"{name} {each}", {}).values())
            for name, known in RHYTHMS.items()
            for each in dict.fromkeys(map(token_metre, known.metres if metre else known.default_metres))
            if rhythm in (None, name) and wanted in (None, each)
        }
        if not any(counts.values()):
            return rhythm, metre or (RHYTHMS[rhythm].metres[0] if rhythm else None)
        drawn, drawn_metre = weighted_choice(counts, rng.random())
        return drawn, metre or drawn_metre

    def draw_form(
        self, rng: random.Random, rhythm: str | None, metre: Metre | None, accepts: Callable[[Sequence[PartForm]], bool]
    ) -> tuple[PartForm, ...]:
        """A form that is accepted, as frequent as in real tunes of the rhythm, else of the metre; empty if there is none."""
        for group in _groups(rhythm, metre):
            counts = {parts: count for form, count in self.forms.get(group, {}).items() if accepts(parts := parse_form(form))}
            if counts:
                return weighted_choice(counts, rng.random())
        return ()

    def draw_outline(
        self, rng: random.Random, rhythm: str | None, metre: Metre | None, parts: Sequence[PartForm], given: int = 0
    ) -> Outline:
        """The outline of a tune of these parts. given: the number of bars that are written already and not planned."""
        starts = [0, *accumulate(part.bars for part in parts)]
        letters = [part.letter for part in parts]
        returns: list[tuple[int, int]] = []
        lifts = [0]
        for index, part in enumerate(parts):
            same = letters.index(part.letter)
            if same < index and parts[same].bars == part.bars:
                returns += [(ALL, starts[same] + bar) for bar in range(part.bars)]
                lifts.append(lifts[same] or lift_class(0.0))
                continue
            name = f"{part.bars} after {parts[0].bars}" if index else str(part.bars)
            returns += _placed(self._draw_returns(rng, rhythm, metre, name), index, starts)
            if index:
                lifts.append(self._draw_lift(rng, rhythm, metre))
        returns[:given] = [(0, -1)] * min(given, len(returns))
        return Outline([part.bars for part in parts], returns, lifts)

    def _draw_returns(self, rng: random.Random, rhythm: str | None, metre: Metre | None, name: str) -> str:
        chance = rng.random()
        for group in _groups(rhythm, metre):
            counts = self.returns.get(group, {}).get(name, {})
            if sum(counts.values()) >= ENOUGH or (counts and group == ""):
                return weighted_choice(counts, chance)
        return ""

    def _draw_lift(self, rng: random.Random, rhythm: str | None, metre: Metre | None) -> int:
        chance = rng.random()
        for group in _groups(rhythm, metre):
            if counts := self.lifts.get(group, {}):
                return int(weighted_choice(counts, chance))
        return 0


def _groups(rhythm: str | None, metre: Metre | None) -> list[str]:
    named = str(token_metre(metre)) if metre else ""
    return list(dict.fromkeys(([f"{rhythm} {named}"] if rhythm and named else []) + ([named] if named else []) + [""]))


@lru_cache(maxsize=1024)
def parse_form(form: str) -> tuple[PartForm, ...]:
    """The parts of a form such as `A8x2 B8x2`."""
    found = []
    for word in form.split():
        letter, bars, twice = re.fullmatch(r"([A-Z])(\d+)(x2)?", word).groups()  # type: ignore[union-attr]
        found.append(PartForm(int(bars), twice is not None, letter))
    return tuple(found)


def form_name(parts: Iterable[PartForm]) -> str:
    """What `parse_form` reads."""
    return " ".join(f"{part.letter}{part.bars}{'x2' if part.twice else ''}" for part in parts)


def returns_name(returns: Sequence[tuple[int, int]], index: int, starts: Sequence[int]) -> str:
    """The returns of part number `index` as the table writes them. returns: of this part's bars; starts: see Outline."""
    words = []
    for likeness, source in returns:
        bases = (("o", index), ("f", 0), ("p", index - 1))
        base = next(((sign, part) for sign, part in bases if part >= 0 and starts[part] <= source < starts[part + 1]), None)
        words.append(f"{_SIGNS[likeness]}{base[0]}{source - starts[base[1]] + 1}" if likeness > NOTHING and base else ".")
    return " ".join(words)


def _placed(name: str, index: int, starts: Sequence[int]) -> list[tuple[int, int]]:
    """The returns of part number `index` from a name that `returns_name` wrote; unknown if it is empty."""
    bars = starts[index + 1] - starts[index]
    found: list[tuple[int, int]] = []
    for word in name.split():
        part = {"o": index, "f": 0, "p": index - 1}.get(word[1:2], -1)
        source = starts[part] + int(word[2:]) - 1 if part >= 0 else -1
        known = part >= 0 and source < min(starts[part + 1], starts[index] + len(found))
        found.append((_LIKENESS[word[0]], source) if known else (NOTHING, -1))
    return found if len(found) == bars else [(0, -1)] * bars


@lru_cache(maxsize=1)
def shipped_forms() -> FormTable:
    """The shipped table."""
    return FormTable.load()
