"""A batch of tunes, one in each row: from the model's log-probabilities to the next token of each row, under the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from generator.composer.arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    Mask,
    RecordArray,
    record_dtype,
)
from generator.composer.compiled import compiled
from generator.composer.features import FeatureArrays, FeatureRecord, FeatureRow
from generator.composer.grammar import Grammar
from generator.composer.grammar_state import (
    HEADER_TOKENS,
    GrammarArrays,
    GrammarRecord,
    GrammarRow,
    bar_is_full,
    bars_written,
    take_token,
)
from generator.composer.grammar_tables import TABLES, Tables
from generator.composer.legality import legal_tokens
from generator.composer.plan import FREE_BAR, Plan
from generator.composer.token_kinds import Kind
from generator.notation.instruments import ANY_INSTRUMENT, RANGES, Range
from generator.notation.keys import Key
from generator.notation.tokens import ELSEWHERE, INDEX, ON_TONIC, START, VOCABULARY

LONGEST = 4_000  # tokens besides those of an opening: more than the grammar's longest form needs
# The temperatures if the request's is 1, and in proportion for others: which pitch follows is drawn at the first one, all else
# (whether a pitch or a length follows, which length, where a bar ends) at the second. With one temperature for both, either the
# melody is too surprising or the rhythm too usual. The figures are in docs/training.md.
PITCH_TEMPERATURE = 0.58
OTHER_TEMPERATURE = 0.82
# For rhythms whose tunes are more alike, or less, than most: rhythm → the same two temperatures.
TEMPERATURES = {
    "reel": (0.55, 0.8),
    "hornpipe": (0.6, 0.85),
    "slip jig": (0.6, 0.85),
    "strathspey": (0.62, 0.92),
    "air": (0.62, 0.85),
}
# Tokens whose probability is below this share of the greatest one are never drawn (min-p). Measured on 600 tunes each: with 0.01
# the intervals diverge from real tunes' 2.1 times as much as one sample of real tunes does from another, with 0.003 1.7 times as
# much. With 0.003 as many notes are in the scale as in real tunes.
MIN_SHARE = 0.003
ENDS_ON_TONIC = 0.8  # of the tunes, as in the training split
# The share of the candidates without an opening that may go below D4, the lowest note of flutes and whistles. Of the real tunes
# with a rhythm 14 % do (test; validation 17 %). If all candidates may, 30 % (24 %) of ours do, mostly with a stray note or two;
# with 0.5, 16 % (11 %). Within the range of a whistle are then 85 % (89 %) of ours, and 79 % (76 %) of the real ones.
MAY_GO_LOW = 0.5
D4 = 62  # MIDI

_LONGEST_SCRIPT = 8_192  # tokens: twice what the longest opening can hold
NEW_BAR, DONE, TOO_LONG = 1, 2, 3  # events: one more bar; the end of the tune; no end, which the grammar never causes


class RowRecord:
    """The state of one row, besides that of its grammar and features."""

    length: int  # tokens taken
    max_length: int
    script_next: int  # index of the next scripted token
    script_end: int
    temperature: float  # of all but pitches
    pitch_temperature: float
    min_log_share: float  # the logarithm of MIN_SHARE
    draws: int  # tokens that were not the only legal one
    nats: float  # negative log-probability of the tokens that the model wrote after the header
    model_tokens: int  # their number
    bars: int


ROW_RECORD = record_dtype(RowRecord)


class BatchArrays(NamedTuple):
    """The arrays of a Batch, for compiled code."""

    rows: RecordArray  # (rows,) of ROW_RECORD
    scripts: Int16Array  # (rows, _LONGEST_SCRIPT) tokens; where the model fills a bar, minus the offset where it ends
    tokens: Int16Array  # (rows, most tokens)
    points: Float64Array  # (rows, LONGEST) random numbers between 0 and 1, one for each draw
    masks: BoolArray  # (rows, vocabulary) the legal tokens
    events: Int8Array  # (rows,) what happened: 0, NEW_BAR, DONE or TOO_LONG


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finished tune of one row."""

    tokens: tuple[str, ...]
    key: Key
    octave: int  # the semitones by which the tune must be moved to be in range
    bits_per_token: float  # of what the model wrote after the header: how unexpected it is, without the grammar's mask


class Batch:
    """Rows that advance together. The tune of a row depends only on its plan and candidate number, not on the other rows."""

    def __init__(self, rows: int) -> None:
        self.grammar = Grammar(rows)
        self._arrays = BatchArrays(
            np.zeros(rows, ROW_RECORD),
            np.zeros((rows, _LONGEST_SCRIPT), np.int16),
            np.zeros((rows, LONGEST + _LONGEST_SCRIPT), np.int16),
            np.zeros((rows, LONGEST)),
            np.zeros((rows, len(VOCABULARY)), np.bool_),
            np.zeros(rows, np.int8),
        )
        self._keys: list[Sequence[Key]] = [()] * rows  # of each row: the key for each mode that may be chosen

    @property
    def inputs(self) -> Int32Array:
        """What the model reads next: (rows, columns), see features.INPUTS."""
        return self.grammar.features.inputs

    @property
    def events(self) -> Int8Array:
        """What happened in each row when it was last advanced, (rows,): 0, NEW_BAR, DONE or TOO_LONG."""
        return self._arrays.events

    def begin(self, row: int, plan: Plan, number: int) -> None:
        """Starts candidate number `number` of the plan in a row."""
        rng = np.random.default_rng((plan.request.seed, number))
        keys = self._keys[row] = plan.keys(rng.random())
        cadence = plan.cadence or (ON_TONIC if rng.random() < ENDS_ON_TONIC else ELSEWHERE)
        if plan.ends_as_earlier:
            cadence = 0  # whatever note the earlier bar ends on
        draws = rng.random(LONGEST)
        self.grammar.begin(
            row, plan.form, keys, rhythm=plan.rhythm, metre=plan.metre, mode=plan.mode, outline=plan.outline, cadence=cadence,
            octaves=plan.octaves, notes=_notes(plan, rng.random()), without=plan.request.without,
        )  # fmt: skip
        rows, scripts, tokens, points, _, events = self._arrays
        script = [-int(token[1:]) if token[0] == FREE_BAR else INDEX[token] for token in plan.script]
        scripts[row, : len(script)] = script
        points[row] = draws
        events[row] = 0
        rows[row] = np.zeros((), ROW_RECORD)
        rows["max_length"][row], rows["script_end"][row] = LONGEST + len(script), len(script)
        pitch, other = TEMPERATURES.get(plan.rhythm or "", (PITCH_TEMPERATURE, OTHER_TEMPERATURE))
        rows["temperature"][row] = other * plan.request.temperature
        rows["pitch_temperature"][row] = pitch * plan.request.temperature
        rows["min_log_share"][row] = np.log(MIN_SHARE)
        start = np.zeros(len(rows), np.int64)
        start[row] = INDEX[START]
        self.grammar.advance(start)
        tokens[row, 0] = start[row]
        rows["length"][row] = 1

    def advance(self, log_probs: Float32Array, active: BoolArray) -> None:
        """Takes the next token of each active row.

        log_probs: (rows or fewer, vocabulary), as a runtime returns them; active: (as many rows,)
        """
        self.events[: len(active)][active] = 0
        advance_rows(*self.compiled_arrays, log_probs, active, TABLES)

    @property
    def compiled_arrays(self) -> tuple[BatchArrays, GrammarArrays, FeatureArrays]:
        """For compiled code."""
        return self._arrays, self.grammar.arrays, self.grammar.features.arrays

    def bars(self, row: int) -> int:
        """How many bars are written."""
        return int(self._arrays.rows[row]["bars"])

    def candidate(self, row: int) -> Candidate:
        """The finished tune of a row."""
        state = self._arrays.rows[row]
        tokens = tuple(VOCABULARY[token] for token in self._arrays.tokens[row, : state["length"]])
        bits = float(state["nats"] / np.log(2) / max(state["model_tokens"], 1))
        key = next(key for key in self._keys[row] if f"K:{key.mode}" in tokens)
        return Candidate(tokens, key, self.grammar.octave(row), bits)


def _notes(plan: Plan, chance: float) -> Range:
    """The notes that a candidate may have. chance: a random number from 0 to 1"""
    notes = RANGES.get(plan.request.instrument, ANY_INSTRUMENT)
    low = plan.opening or chance < MAY_GO_LOW
    return notes if low else replace(notes, lowest=max(notes.lowest, D4))


@compiled
def advance_rows(
    batch: BatchArrays,
    grammar: GrammarArrays,
    features: FeatureArrays,
    log_probs: Float32Array,
    active: BoolArray,
    tables: Tables,
) -> int:
    """See Batch.advance. Returns the greatest event of a row."""
    greatest = 0
    for row in range(len(active)):
        if active[row]:
            state = batch.rows[row]
            grammar_row = GrammarRow(grammar.state[row], grammar.header[row], grammar.playable[row], grammar.omitted[row])
            feature_row = FeatureRow(
                features.state[row], features.notes[row], features.written[row], features.returns[row], features.inputs[row]
            )
            token = _scripted(state, grammar_row.state, feature_row.state, batch.scripts[row], tables)
            if token < 0:
                legal_tokens(grammar_row, feature_row.state, batch.masks[row], tables)
                token = _draw(state, batch.masks[row], log_probs[row], batch.points[row, state.draws], tables)
                if grammar_row.state.token_count >= HEADER_TOKENS:
                    state.nats -= log_probs[row, token]
                    state.model_tokens += 1
            take_token(grammar_row, feature_row, token, tables)
            batch.tokens[row, state.length] = token
            state.length += 1
            bars = bars_written(feature_row.state)
            if grammar_row.state.done:
                batch.events[row] = DONE
            elif state.length >= state.max_length:
                batch.events[row] = TOO_LONG
            elif bars > state.bars:
                batch.events[row] = NEW_BAR
            state.bars = max(bars, state.bars)
            greatest = max(greatest, batch.events[row])
    return greatest


@compiled
def _scripted(state: RowRecord, grammar: GrammarRecord, features: FeatureRecord, script: Int16Array, tables: Tables) -> int:
    """The next token of the script; -1 if the model chooses."""
    if grammar.free_bar and bar_is_full(grammar, features, tables):
        grammar.free_bar = 0
    while state.script_next < state.script_end and grammar.token_count >= HEADER_TOKENS and not grammar.free_bar:
        token = int(script[state.script_next])
        state.script_next += 1
        if token < 0:
            grammar.free_bar = -token
            continue
        kind = tables.kinds[token]
        same_duration = Kind.DURATION <= kind < Kind.REST and tables.ticks[token] == features.duration
        if not same_duration:  # a duration that is in force already is not repeated
            return token
    return -1


@compiled
def _draw(state: RowRecord, mask: Mask, log_probs: Float32Array, point: float, tables: Tables) -> int:
    """Draws one of the legal tokens by its probability, at the row's temperatures. point: a random number between 0 and 1.

    Whether a pitch follows is drawn at one temperature, and which pitch at another.
    """
    greatest, choices, only = -np.inf, 0, -1
    for token in range(len(mask)):
        if mask[token]:
            choices += 1
            only = token
            greatest = max(greatest, log_probs[token])
    if choices == 1:
        return only
    least = greatest + state.min_log_share
    pitches = pitch_weights = other_weights = 0.0
    for token in range(len(mask)):
        if mask[token] and log_probs[token] >= least:
            above = np.float64(log_probs[token]) - greatest
            if tables.kinds[token] == Kind.PITCH:
                pitches += np.exp(above)
                pitch_weights += np.exp(above / state.pitch_temperature)
            else:
                other_weights += np.exp(above / state.temperature)
    pitch_weight = pitches ** (1 / state.temperature)
    left, drawn = point * (pitch_weight + other_weights), -1
    is_pitch = left < pitch_weight
    if is_pitch:
        left *= pitch_weights / pitch_weight
        temperature = state.pitch_temperature
    else:
        left -= pitch_weight
        temperature = state.temperature
    for token in range(len(mask)):
        if mask[token] and log_probs[token] >= least and (tables.kinds[token] == Kind.PITCH) == is_pitch:
            drawn = token
            left -= np.exp((np.float64(log_probs[token]) - greatest) / temperature)
            if left < 0:
                break
    state.draws += 1
    return drawn
