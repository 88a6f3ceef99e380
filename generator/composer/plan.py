"""Turns a request into a plan, which says what is fixed before composing. The model chooses the rest."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.composer.form import FREE, USUAL_BARS, Form, PartForm
from generator.composer.form_table import FormTable, parse_form, shipped_forms
from generator.composer.grammar_tables import TABLES
from generator.composer.pitch_range import OCTAVES
from generator.composer.returns import ALL, NOTHING, Notes, Outline, notes_of_bars
from generator.notation.errors import NotationError
from generator.notation.frequency_tables import key_counts, weighted_choice
from generator.notation.instruments import home_keys
from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.opening import opening_tokens
from generator.notation.opening_end import parts_without_pick_up
from generator.notation.opening_modes import ANSWER_BARS
from generator.notation.score import Score
from generator.notation.tokens import (
    ANY_RHYTHM,
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
    header_tokens,
    is_pitch,
    token_metre,
)
from generator.notation.variation import split_bars, variable_bars
from generator.request import Structure, TuneRequest
from generator.user_messages import UserMessage

FREE_BAR = "?"  # in a script, before the offset in ticks at which the bar ends: the model fills one bar
PART_BARS: dict[Structure, int] = {"parts of 4": 4, "parts of 8": 8, "parts of 16": 16}
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
    layout: Sequence[int] | None = None  # the bars of each part; None: the model chooses
    returns: Sequence[tuple[int, int]] = ()  # as in Outline; empty: the model chooses
    lifts: Sequence[int] = ()  # as in Outline
    given: Mapping[int, Notes] = field(default_factory=dict)  # as in Outline
    cadence: int = 0  # a class of tokens.cadence_class; 0: the composer chooses
    octaves: Sequence[int] = OCTAVES  # by how many semitones the tune may be moved to be in range
    opening: Score | None = None
    script: Sequence[str] = ()  # tokens after the header that are fixed, and FREE_BAR where the model fills a bar

    @property
    def outline(self) -> Outline:
        """What the model is told about the form."""
        return Outline(self.layout or (), self.returns, self.lifts, self.given)

    @property
    def ends_as_earlier(self) -> bool:
        """Whether the last bar of the tune is to return an earlier one whole."""
        return bool(self.returns) and self.returns[-1][0] == ALL

    def keys(self, chance: float) -> list[Key]:
        """A key for each mode that may be chosen, as frequent as in traditional tunes, but one of which the instrument has all
        notes. chance: a random number from 0 to 1.
        """
        if self.key:
            return [self.key]
        modes = [self.mode] if self.mode else MODES
        return [weighted_choice(home_keys(key_counts(mode), self.request.instrument), chance) for mode in modes]


def make_plan(request: TuneRequest, form: Form | None = None, table: FormTable | None = None) -> Plan:
    """The plan for a request. Raises NotationError for an opening that cannot be continued.

    form: by default the one that the request names, or one drawn from the table; table: by default the shipped one.
    """
    if form is None and request.structure == "free" and request.mode == "continue":
        form = FREE
    rng, table = random.Random(request.seed), table or shipped_forms()
    if request.opening:
        return _from_opening(request, form, rng, table)
    mode = Mode(request.key) if request.key in MODES else None
    key = Key.parse(request.key) if request.key and not mode else None
    rhythm, metre = table.draw_dance(rng, request.rhythm, Metre.parse(request.metre) if request.metre else None)
    plan = Plan(request, form or Form(), rhythm, metre, key.mode if key else mode, key)
    if form:
        return replace(plan, layout=tuple(form.layout()) or None)
    parts = draw_parts(rng, table, request.structure, rhythm, metre)
    outline = table.draw_outline(rng, rhythm, metre, parts)
    return replace(plan, form=Form.of(parts), layout=tuple(outline.layout), returns=outline.returns, lifts=outline.lifts)


def _from_opening(request: TuneRequest, form: Form | None, rng: random.Random, table: FormTable) -> Plan:
    mode = request.mode
    if mode == "play":
        raise NotationError(UserMessage("Mode “play” renders a tune without composing. Use “tunesmith render”."))
    opening = request.read_opening()
    assert opening.metre is not None
    body = opening_tokens(opening)
    script, layout, cadence = _explicit(body), bars_per_part(body), 0
    begun, ended, written = len(layout), body[-1] in (REPEAT, CLOSE), sum(layout)
    rhythm = request.rhythm or opening.rhythm or None
    drawn: tuple[PartForm, ...] = ()
    if mode == "continue" and form is None:
        fits = _continues(layout, _needed_bars(script, layout, opening), ended=ended)
        drawn = draw_parts(rng, table, request.structure, rhythm, opening.metre, fits)
        form = Form.of(drawn) if drawn else None
    form = form or Form(PART_BARS.get(request.structure, USUAL_BARS))
    if mode == "vary":
        bars = split_bars(script)
        free = _free_bars(bars, request, random.Random(request.seed))
        script = _with_free_bars(bars, free, int(opening.metre.bar * TICKS))
        cadence = 0 if len(bars) - 2 in free else cadence_class(body)
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
    plan = Plan(
        request,
        form,
        rhythm,
        opening.metre,
        opening.key.mode,
        opening.key,
        (*layout, *[form.bars] * (parts - len(layout))) if fixed else None,
        cadence=cadence,
        octaves=OCTAVES[:1],  # an opening is not moved
        opening=opening,
        script=tuple(script),
    )
    if mode == "second part" and parts == 2:
        drawn = tuple(PartForm(bars, form.repeated, letter) for bars, letter in zip(plan.layout or (), "AB", strict=True))
    if request.keep:
        whole = [*header_tokens(rhythm, opening.metre, opening.key.mode), *body]
        return _with_given(plan, notes_of_bars(whole, request.kept_bars), rng, table)
    if not drawn:
        return plan
    outline = table.draw_outline(rng, rhythm, opening.metre, drawn, given=written)
    return replace(plan, layout=tuple(outline.layout), returns=outline.returns, lifts=outline.lifts)


def draw_parts(
    rng: random.Random,
    table: FormTable,
    structure: Structure,
    rhythm: str | None,
    metre: Metre | None,
    fits: Callable[[Sequence[PartForm]], bool] = lambda parts: True,
) -> tuple[PartForm, ...]:
    """The parts of a tune in a structure, drawn from the table if real tunes have such parts. Empty if no parts fit."""
    most_bars = TABLES.most_bars[INDEX[f"R:{rhythm}" if rhythm else ANY_RHYTHM], INDEX[f"M:{token_metre(metre)}"]] if metre else 0

    def accepts(parts: Sequence[PartForm]) -> bool:
        played = sum(part.bars * (2 if part.twice else 1) for part in parts)
        return (not most_bars or played <= most_bars) and _is_structure(structure, parts) and fits(parts)

    if found := table.draw_form(rng, rhythm, metre, accepts):
        return found
    bars = PART_BARS.get(structure, USUAL_BARS)
    plain = f"A{bars} B{bars} A{bars} C{bars}" if structure == "abac" else f"A{bars}x2 B{bars}x2"
    return next((parts for form in (plain, f"A{bars} B{bars}") if accepts(parts := parse_form(form))), ())


def _is_structure(structure: Structure, parts: Sequence[PartForm]) -> bool:
    letters = "".join(part.letter for part in parts)
    if structure == "aabb":
        return letters == "AB" and all(part.twice for part in parts)
    if structure == "abac":
        return letters == "ABAC" and not any(part.twice for part in parts)
    bars = PART_BARS.get(structure)
    return bars is None or all(part.bars == bars for part in parts)


def _continues(layout: Sequence[int], needed: int, *, ended: bool) -> Callable[[Sequence[PartForm]], bool]:
    """Whether a form begins with the parts of an opening. needed: the fewest bars of the part that the opening leaves open."""
    complete = layout if ended else layout[:-1]

    def fits(parts: Sequence[PartForm]) -> bool:
        if len(parts) <= len(complete) or [part.bars for part in parts[: len(complete)]] != list(complete):
            return False
        begun = parts[len(complete)]
        return ended or (begun.twice and begun.bars >= needed)

    return fits


def _open_part(script: Sequence[str], opening: Score) -> tuple[int, int, int]:
    """Of the last part of an opening: the index of its opening token, its pick-up and what its last bar lacks, in ticks."""
    assert opening.metre is not None
    opens = max(index for index, token in enumerate(script) if token in (OPEN, OPEN_REPEATED))
    pick_up = int(script[opens + 1][2:]) if script[opens + 1].startswith("up") else 0
    *_, last = opening.bars
    return opens, pick_up, int((opening.metre.bar - last.duration) * TICKS)


def _needed_bars(script: Sequence[str], layout: Sequence[int], opening: Score) -> int:
    """The fewest bars of the part that an opening has begun. If there is a pick-up, a full bar cannot be the last one."""
    _, pick_up, missing = _open_part(script, opening)
    return layout[-1] + (missing < pick_up)


def _complete_opening(script: list[str], layout: list[int], opening: Score, form: Form, *, ended: bool) -> None:
    """Extends the script and the layout of an opening in place so that the model can continue with the next bar."""
    opens, pick_up, missing = _open_part(script, opening)
    *_, last = opening.bars
    if ended:
        if missing != pick_up and f"up{missing}" in INDEX:  # the pick-up of the next part completes the last bar
            twice = form.parts[len(layout)].twice if form.parts else form.repeated
            script += [OPEN_REPEATED if twice else OPEN, f"up{missing}"]
        return
    written = layout[-1]
    if form.parts:
        layout[-1] = form.parts[len(layout) - 1].bars
    elif form.repeated:
        layout[-1] = max(math.ceil(_needed_bars(script, layout, opening) / form.bars), 1) * form.bars
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


def _free_bars(bars: Sequence[Sequence[str]], request: TuneRequest, rng: random.Random) -> set[int]:
    """Which of the pieces from split_bars are bars that a variation changes: all but those to keep, or at least one."""
    if kept := request.kept_bars:
        return set(range(1, len(bars), 2)) - {2 * number - 1 for number in kept}
    may_change = variable_bars(bars, before_cadences=request.strength > 1)
    return set(rng.sample(may_change, max(round(CHANGED[request.strength] * len(may_change)), 1)))


def _with_free_bars(bars: Sequence[Sequence[str]], free: Collection[int], bar_ticks: int) -> list[str]:
    """An explicit script, from split_bars, in which the model fills some bars. No tie leads into those."""
    script: list[str] = []
    for index, piece in enumerate(bars):
        if index in free:
            pick_up = bars[index - 1][-1].startswith("up")
            end = bar_ticks if pick_up else sum(int(token[1:]) for token in piece if token[0] == "/")
            script.append(f"{FREE_BAR}{end}")
        else:
            script += piece[:-1] if piece[-1] == TIE and index + 2 in free else piece
    return script


def _with_given(plan: Plan, given: Mapping[int, Notes], rng: random.Random, table: FormTable) -> Plan:
    """The plan of a tune of which some bars are given. What returns in the others is drawn, as in a new tune."""
    parts = [PartForm(bars, True, chr(ord("A") + index)) for index, bars in enumerate(plan.layout or ())]
    outline = table.draw_outline(rng, plan.rhythm, plan.metre, parts)
    returns = [(NOTHING, -1) if bar in given else drawn for bar, drawn in enumerate(outline.returns)]
    return replace(plan, returns=returns, lifts=outline.lifts, given=given)
