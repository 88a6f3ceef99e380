"""From a wish to what the composer does: what is fixed beforehand, what is left to the model."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.composer.grammar import FREE, OCTAVES, Form
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.frequency_tables import key_counts, weighted_choice
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.opening_modes import ANSWER_BARS
from generator.notation.score import Score
from generator.notation.variation import split_bars, variable_bars
from generator.request import TuneRequest
from generator.user_messages import UserMessage

FREE_BAR = ""  # in a script: the model fills one bar
CHANGED = {1: 0.25, 2: 0.5, 3: 0.8}  # strength of a variation → share of the bars that may change and do


@dataclass(frozen=True, slots=True)
class Plan:
    """One tune to be: what of it is fixed. Candidates for the same request share it."""

    request: TuneRequest
    form: Form
    rhythm: str | None = None  # None, here and below: left to the model
    metre: Metre | None = None  # as it is to be written
    mode: Mode | None = None
    key: Key | None = None
    layout: Sequence[int] | None = None  # the bars of each part; None: the form's
    cadence: int = 0  # a class of tokens.cadence_class; 0: left to the composer
    octaves: Sequence[int] = OCTAVES  # how far the tune may be moved into range, in semitones
    opening: Score | None = None
    script: Sequence[str] = ()  # what is fixed after the header, FREE_BAR where the model fills one bar

    def keys(self, chance: float) -> list[Key]:
        """The key to stand in, for each mode that may be chosen, as often as the tradition has it; `chance` is 0 to 1."""
        return (
            [self.key]
            if self.key
            else [weighted_choice(key_counts(mode), chance) for mode in ([self.mode] if self.mode else t.MODES)]
        )


def make_plan(request: TuneRequest, form: Form | None = None) -> Plan:
    """Reads the request's opening and fixes what is asked for. Raises NotationError for an opening it cannot go on from."""
    form = form or (FREE if request.structure == "free" and request.mode == "continue" else Form())
    if request.opening:
        return _from_opening(request, form)
    mode = Mode(request.key) if request.key in t.MODES else None
    key = Key.parse(request.key) if request.key and not mode else None
    metre = Metre.parse(request.metre) if request.metre else None
    return Plan(request, form, request.rhythm, metre, key.mode if key else mode, key)


def _from_opening(request: TuneRequest, form: Form) -> Plan:
    mode = request.mode
    if mode == "play":
        sentence = UserMessage("A tune that is to be played as it stands is not composed. Use “tunesmith render” for it.")
        raise NotationError(sentence)
    opening = read_opening(request.opening, rhythm=request.rhythm, key=request.key, metre=request.metre, mode=mode)
    body = opening_tokens(opening)
    script, layout, cadence = _explicit(body), t.bars_per_part(body), 0
    heard, ended = len(layout), body[-1] in (t.REPEAT, t.CLOSE)
    if mode == "vary":
        script, cadence = _varied(script, CHANGED[request.strength], random.Random(request.seed)), t.cadence_class(body)
        wanted = heard
    elif mode == "answer":
        form = replace(form, bars=_answer(layout[-1]), repeated=False)
        wanted = heard + ended
    elif mode == "second part":
        first, *begun = parts_without_pick_up(opening)
        before = heard - len(begun) - 1  # a pick-up that stands alone
        form = replace(form, bars=layout[before], repeated=first.repeated or not ended)
        wanted = before + 2
    else:
        wanted = max(form.fewest_parts, heard + ended)  # something new is always written
    most = max(form.most_parts, wanted) if mode == "continue" else wanted
    form = replace(form, fewest_parts=wanted, most_parts=most)
    if mode != "vary":
        _lead_on(script, layout, opening, form, ended=ended)
    fixed = not form.free and wanted == most
    return Plan(
        request,
        form,
        request.rhythm or opening.rhythm or None,
        opening.metre,
        opening.key.mode,
        opening.key,
        (*layout, *[form.bars] * (wanted - len(layout))) if fixed else None,
        cadence,
        OCTAVES[:1],  # an opening stays where it is
        opening,
        tuple(script),
    )


def _lead_on(script: list[str], layout: list[int], opening: Score, form: Form, *, ended: bool) -> None:
    """Completes the script and the layout of the parts that are heard so that the next bar is the model's."""
    assert opening.metre is not None
    begins = max(index for index, token in enumerate(script) if token in (t.OPEN, t.OPEN_REPEATED))
    pick_up = int(script[begins + 1][2:]) if script[begins + 1].startswith("up") else 0
    *_, last = opening.bars
    missing = (opening.metre.bar - last.duration) * t.TICKS
    if ended:
        if missing != pick_up and f"up{missing}" in t.INDEX:  # the next part's pick-up completes the last bar
            script += [t.OPEN_REPEATED if form.repeated else t.OPEN, f"up{missing}"]
        return
    written = layout[-1]
    if form.repeated:  # a full bar though there is a pick-up cannot be the part's last
        layout[-1] = max(math.ceil((written + (missing < pick_up)) / form.bars), 1) * form.bars
    else:  # the phrase and its answer
        script[begins] = t.OPEN
        layout[-1] += form.bars
    if last.notes[-1].tie and not last.notes[-1].tuplet and (missing > pick_up or written < layout[-1]):
        script.append(t.TIE)


def _answer(phrase: int) -> int:
    """The bars of an answer: the musical length next to the phrase's own, the longer of two."""
    return min(ANSWER_BARS, key=lambda bars: (abs(bars - phrase), -bars))


def _explicit(script: Sequence[str]) -> list[str]:
    """The script with each pitch's duration before it, so that it reads the same after a bar of the model's."""
    duration, spelled = "", []
    for token in script:
        if token[0] == "/":
            duration = token
            continue
        spelled += [duration, token] if t.is_pitch(token) else [token]
    return spelled


def _varied(script: Sequence[str], share: float, chance: random.Random) -> list[str]:
    """An explicit script with a share of the bars that may change left to the model, one at least."""
    bars = split_bars(script)
    may_change = variable_bars(bars)
    changed = chance.sample(may_change, max(round(share * len(may_change)), 1))
    return [token for index, bar in enumerate(bars) for token in ([FREE_BAR] if index in changed else bar)]
