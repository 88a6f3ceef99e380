"""From a wish to what the composer does: what is fixed beforehand, what is left to the model."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby

from generator.composer.grammar import OCTAVES, Form, Grammar
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.opening import read_opening
from generator.notation.score import Score
from generator.request import TuneRequest

FREE_BAR = ""  # in a script: the model fills one bar

# Of a hundred tunes in each mode, how many have which tonic (training split, two or more in a hundred).
TONICS = {
    Mode.MAJOR: {"G": 44, "D": 36, "A": 10, "C": 3, "F": 3, "Bb": 3},
    Mode.MINOR: {"E": 32, "A": 28, "G": 19, "D": 11, "B": 8},
    Mode.DORIAN: {"A": 54, "E": 30, "D": 6, "G": 6, "B": 2},
    Mode.MIXOLYDIAN: {"A": 46, "D": 44, "G": 8},
}


@dataclass(slots=True)
class Plan:
    """One tune to be: its grammar, the tokens that are fixed, and the key it will stand in."""

    request: TuneRequest
    grammar: Grammar
    key: Key | None  # None until the model has chosen a mode
    metre: Metre | None  # as it is to be written
    opening: Score | None = None
    script: list[str] = field(default_factory=list)  # what is fixed after the header, FREE_BAR where the model is at work

    def choose_key(self, mode: Mode, chance: float) -> None:
        """Picks a tonic for the mode that the model chose; `chance` is 0 to 1."""
        tonics = TONICS[mode]
        shares = list(accumulate(tonics.values()))
        self.key = Key(list(tonics)[bisect(shares, chance * shares[-1])], mode)
        self.grammar.set_key(self.key)


def make_plan(request: TuneRequest, form: Form | None = None) -> Plan:
    """Reads the request's opening and fixes what is asked for. Raises NotationError for an opening it cannot go on from."""
    form = form or Form()
    key = Key.parse(request.key) if request.key else None
    metre = Metre.parse(request.metre) if request.metre else None
    if not request.opening:
        grammar = Grammar(form, request.rhythm, metre, key.mode if key else None)
        if key:
            grammar.set_key(key)
        return Plan(request, grammar, key, metre)
    opening = read_opening(request.opening, rhythm=request.rhythm, key=request.key, metre=request.metre, whole=request.vary)
    body = t.encode_opening(opening)[4:]
    script = _explicit(body)
    layout = t.layout(body)
    heard = len(layout)
    if request.vary:
        script = _variation(script, random.Random(request.seed))
        form = replace(form, fewest_parts=heard, most_parts=heard)
    else:
        parts = max(form.fewest_parts, heard + (body[-1] in (t.REPEAT, t.CLOSE)))  # something new is always written
        form = replace(form, fewest_parts=parts, most_parts=max(form.most_parts, parts))
        script = script[:-1] if script[-1] == t.BAR else script  # the grammar knows better how the bar ends
    grammar = Grammar(form, request.rhythm or opening.rhythm or None, opening.metre, opening.key.mode)
    if request.vary:
        grammar.tracker.layout = layout
    grammar.set_key(opening.key, OCTAVES[:1])  # an opening stays where it is
    return Plan(request, grammar, opening.key, opening.metre, opening, script)


def _explicit(script: Sequence[str]) -> list[str]:
    """The script with each pitch's duration before it, so that it reads the same after a bar of the model's."""
    duration, spelled = "", []
    for token in script:
        if token[0] == "/":
            duration = token
            continue
        spelled += [duration, token] if t.is_pitch(token) else [token]
    return spelled


def _variation(script: Sequence[str], chance: random.Random) -> list[str]:
    """An explicit script with about half of its inner bars left to the model: parts keep their first and last bars."""
    runs = [list(run) for _, run in groupby(script, key=lambda token: token[0] == "/" or t.is_pitch(token) or token == t.TIE)]
    inner = [
        index
        for index in range(3, len(runs) - 1)
        if runs[index - 1] == [t.BAR] == runs[index + 1]
        and not runs[index - 3][-1].startswith("up")
        and t.TIE not in (runs[index][-1], runs[index - 2][-1])
    ]
    changed = {index for index in inner if chance.random() < 0.5} or set(inner[-1:])
    return [token for index, run in enumerate(runs) for token in ([FREE_BAR] if index in changed else run)]
