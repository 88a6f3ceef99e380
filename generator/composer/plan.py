"""Turns a request into a plan, which says what is fixed before composing. The model chooses the rest."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.composer.form import FREE, Form
from generator.composer.pitch_range import OCTAVES
from generator.notation.errors import NotationError
from generator.notation.frequency_tables import key_counts, weighted_choice
from generator.notation.instruments import home_keys
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.opening_modes import ANSWER_BARS
from generator.notation.score import Score
from generator.notation.tokens import (
    CLOSE,
    INDEX,
    MODES,
    OPEN,
    OPEN_REPEATED,
    REPEAT,
    TICKS,
    TIE,
    bars_per_part,
    cadence_class,
    is_pitch,
)
from generator.notation.variation import split_bars, variable_bars
from generator.request import TuneRequest
from generator.user_messages import UserMessage

FREE_BAR = ""  # in a script: the model fills one bar
CHANGED = {1: 0.25, 2: 0.5, 3: 0.8}  # strength of a variation → how many of the bars that may change do


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed before a request is composed. All candidates for the request share it."""

    request: TuneRequest
    form: Form
    rhythm: str | None = None  # None, here and below: the model chooses
    metre: Metre | None = None  # as it is to be written: 2/2 or 4/4
    mode: Mode | None = None
    key: Key | None = None
    layout: Sequence[int] | None = None  # the bars of each part; None: those of the form
    cadence: int = 0  # a class of tokens.cadence_class; 0: the composer chooses
    octaves: Sequence[int] = OCTAVES  # by how many semitones the tune may be moved to be in range
    opening: Score | None = None
    script: Sequence[str] = ()  # tokens after the header that are fixed; FREE_BAR: the model fills one bar

    def keys(self, chance: float) -> list[Key]:
        """A key for each mode that may be chosen, as frequent as in traditional tunes, but one of which the instrument has all
        notes. chance: a random number from 0 to 1.
        """
        if self.key:
            return [self.key]
        modes = [self.mode] if self.mode else MODES
        return [weighted_choice(home_keys(key_counts(mode), self.request.instrument), chance) for mode in modes]


def make_plan(request: TuneRequest, form: Form | None = None) -> Plan:
    """The plan for a request, by default with the default form. Raises NotationError for an opening that cannot be continued."""
    form = form or (FREE if request.structure == "free" and request.mode == "continue" else Form())
    if request.opening:
        return _from_opening(request, form)
    mode = Mode(request.key) if request.key in MODES else None
    key = Key.parse(request.key) if request.key and not mode else None
    metre = Metre.parse(request.metre) if request.metre else None
    return Plan(request, form, request.rhythm, metre, key.mode if key else mode, key)


def _from_opening(request: TuneRequest, form: Form) -> Plan:
    mode = request.mode
    if mode == "play":
        raise NotationError(UserMessage("Mode “play” renders a tune without composing. Use “tunesmith render”."))
    opening = read_opening(request.opening, rhythm=request.rhythm, key=request.key, metre=request.metre, mode=mode)
    body = opening_tokens(opening)
    script, layout, cadence = _explicit(body), bars_per_part(body), 0
    begun, ended = len(layout), body[-1] in (REPEAT, CLOSE)
    if mode == "vary":
        script, cadence = _varied(script, request.strength, random.Random(request.seed)), cadence_class(body)
        parts = begun
    elif mode == "answer":
        form = replace(form, bars=_answer(layout[-1]), repeated=False)
        parts = begun + ended
    elif mode == "second part":
        first, *others = parts_without_pick_up(opening)
        before = begun - len(others) - 1  # 1 if a pick-up stands before the first part, else 0
        form = replace(form, bars=layout[before], repeated=first.repeated or not ended)
        parts = before + 2
    else:
        parts = max(form.fewest_parts, begun + ended)  # a finished part is followed by another one
    most = max(form.most_parts, parts) if mode == "continue" else parts
    form = replace(form, fewest_parts=parts, most_parts=most)
    if mode != "vary":
        _complete_opening(script, layout, opening, form, ended=ended)
    fixed = not form.free and parts == most
    return Plan(
        request,
        form,
        request.rhythm or opening.rhythm or None,
        opening.metre,
        opening.key.mode,
        opening.key,
        (*layout, *[form.bars] * (parts - len(layout))) if fixed else None,
        cadence,
        OCTAVES[:1],  # an opening is not moved
        opening,
        tuple(script),
    )


def _complete_opening(script: list[str], layout: list[int], opening: Score, form: Form, *, ended: bool) -> None:
    """Extends the script and the layout of an opening in place so that the model can continue with the next bar."""
    assert opening.metre is not None
    opens = max(index for index, token in enumerate(script) if token in (OPEN, OPEN_REPEATED))
    pick_up = int(script[opens + 1][2:]) if script[opens + 1].startswith("up") else 0
    *_, last = opening.bars
    missing = (opening.metre.bar - last.duration) * TICKS
    if ended:
        if missing != pick_up and f"up{missing}" in INDEX:  # the pick-up of the next part completes the last bar
            script += [OPEN_REPEATED if form.repeated else OPEN, f"up{missing}"]
        return
    written = layout[-1]
    if form.repeated:  # if there is a pick-up, a full bar cannot be the last one of its part
        layout[-1] = max(math.ceil((written + (missing < pick_up)) / form.bars), 1) * form.bars
    else:  # the opening is the phrase, its answer follows in the same part
        script[opens] = OPEN
        layout[-1] += form.bars
    if last.notes[-1].tie and not last.notes[-1].tuplet and (missing > pick_up or written < layout[-1]):
        script.append(TIE)


def _answer(phrase: int) -> int:
    """The length of the answer to a phrase, in bars: the closest of ANSWER_BARS, the longer one if two are equally close."""
    return min(ANSWER_BARS, key=lambda bars: (abs(bars - phrase), -bars))


def _explicit(script: Sequence[str]) -> list[str]:
    """The script with a duration before each pitch, so that it means the same after a bar that the model has filled."""
    duration, spelled = "", []
    for token in script:
        if token[0] == "/":
            duration = token
            continue
        spelled += [duration, token] if is_pitch(token) else [token]
    return spelled


def _varied(script: Sequence[str], strength: int, rng: random.Random) -> list[str]:
    """An explicit script with FREE_BAR instead of a share of the bars that may change, at least one."""
    bars = split_bars(script)
    may_change = variable_bars(bars, before_cadences=strength > 1)
    changed = rng.sample(may_change, max(round(CHANGED[strength] * len(may_change)), 1))
    return [token for index, bar in enumerate(bars) for token in ([FREE_BAR] if index in changed else bar)]
