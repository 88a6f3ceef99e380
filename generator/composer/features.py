"""The features beside each token: where it stands in the tune, what earlier bars have there, and what is still to come.

Training and composing must compute the same features, so both use this code. It follows many tunes at a time, one in each row.
The work for every token of every row is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from generator.composer.arrays import BoolArray, Int16Array, Int32Array, Int64Array, RecordArray, record_dtype
from generator.composer.compiled import compiled
from generator.composer.returns import MOST, NOTHING, UNKNOWN, Outline
from generator.composer.token_kinds import TOKEN_KINDS, TOKEN_TICKS, Kind
from generator.notation.keys import Key
from generator.notation.tokens import INDEX, TIE, VOCABULARY

POSITIONS = 64  # classes of the position in the bar, in 1/64 of the longest bar (12/8 and 3/2: 288 ticks)
BARS = 36  # classes of the bar in its part; the last one stands for all further bars
REMAINING = 146  # classes of a number of ticks: half of it, up to 288 ticks; the last one stands for all others
MATCHED = 10  # classes of how many notes in a row equalled the recalled ones: nothing to recall, none, 1 … 8
RECALLED = (1, 2, 4)  # how many bars to look back
# Also to the same bar of the previous part, or from a second ending to the first; and to the bar that this one is to return.
LOOKS = (*RECALLED, "part", "return")
LOOK_RETURN = LOOKS.index("return")

# What the model may read at each step, and how many classes each input has.
INPUTS = {
    "token": len(VOCABULARY),
    "position": POSITIONS,  # in the bar
    "bar": BARS,  # of the part; class 0 is the pick-up
    # For each earlier bar, the note that began at the same bar offset in it: the tokens of its pitch and duration. TIE if a
    # note is still sounding there, PAD if nothing was written.
    **{f"{what}_{where}": len(VOCABULARY) for where in LOOKS for what in ("pitch", "duration")},
    "remaining": REMAINING,  # of the bar
    "remaining_at_part_end": REMAINING,  # of the bar if it ends the part: less the pick-up
    **{f"matched_{where}": MATCHED for where in LOOKS},  # how many notes in a row equalled the recalled ones
    # Whether another note of the current duration fits: unknown, no, yes, and the first, second and third from last of a triplet.
    "note_fits": 6,
    "tonic": 13,  # unknown, C … B: it tells the register, since players have the same range in every key
    "section": 6,  # between parts, in a part played once, twice, in a first ending, after it, in a second one
    "parts_left": 4,  # after this one: unknown, none, one, more
    "bars_left": 10,  # of the part, including this one: unknown, 1 … 8, more
    "cadence": 3,  # the note that the tune is to end on: unknown, the tonic, another note
    "last_pitch": len(VOCABULARY),  # a duration token may stand between it and the next pitch
    # By how much the previous part ended short, up to the next bar line: the length of the pick-up that must follow.
    "due_pick_up": REMAINING,
    "part_bars": 18,  # how many bars the part has: unknown, 1 … 16, more
    "return": 5,  # how much of an earlier bar returns in this one: returns.NOTHING to ALL
    "returned": 5,  # what returns this bar later: returns.NEVER to AT_THE_END
    "pitch_ahead": len(VOCABULARY),  # with which pitch the next bar begins if most of an earlier bar returns in it
    "lift": 5,  # how high the part lies above the first one: see returns.lift_class
}
# The features whose classes are tokens: pitches and durations. All other features are numbers.
TOKEN_FEATURES = frozenset(
    {"last_pitch", "pitch_ahead", *(f"{what}_{where}" for where in LOOKS for what in ("pitch", "duration"))}
)

MOST_PARTS = 16  # of a layout; further parts are ignored
_MOST_BARS = 128  # remembered of a tune; all further bars share the last one
_BLANK_BARS = 8  # before the first bar, never written: looking back from there finds nothing
_OFFSETS = REMAINING  # bar offsets of which notes are remembered: half the ticks


class FeatureRecord:
    """The state of one row: what the features are computed from. Times are in ticks."""

    tonic: int  # tonic, cadence, section: as in INPUTS, 0 if unknown
    cadence: int
    section: int
    layout: Int64Array  # (MOST_PARTS,) how many bars each part is to have
    part_count: int  # of the layout; 0 if unknown
    lifts: Int64Array  # (MOST_PARTS,) of each part, as in INPUTS
    bar_ticks: int  # a full bar; 0 until the metre is known
    bar_offset: int  # since the bar line
    bar: int  # of the part, -1 in its pick-up; the bars of a second ending count from where the first ending began
    part: int  # -1 before the first
    pick_up: int  # length of the current part's pick-up
    duration: int  # of the next note
    span: int  # the duration of the next note, or of the whole triplet that it belongs to
    triplet_left: int  # notes that the open triplet lacks; 0 outside
    ending: int  # 1 in a first ending, 2 in a second one
    ending_bar: int  # the bar of the part with which the endings begin
    duration_token: int
    last_pitch: int  # token
    mode_known: int
    due_pick_up: int  # as in INPUTS, in ticks
    part_start: int  # in bars of the tune
    previous_part_start: int
    recalled: Int64Array  # (len(LOOKS), 2) tokens of pitch and duration, as in INPUTS
    matched: Int64Array  # (len(LOOKS),) as in INPUTS


FEATURE_RECORD = record_dtype(FeatureRecord, layout=MOST_PARTS, lifts=MOST_PARTS, recalled=(len(LOOKS), 2), matched=len(LOOKS))


class FeatureArrays(NamedTuple):
    """The arrays of a FeatureState, for compiled code."""

    state: RecordArray  # (rows,) of FEATURE_RECORD
    # (rows, bars, bar offsets, 2) tokens of pitch and duration of the note that begins there; TIE if none does
    notes: Int16Array
    written: BoolArray  # (rows, bars) the bars that have notes
    # (rows, 1 + bars of the tune, 3) what is planned for each bar: `return` as in INPUTS, the bar that returns, `returned`.
    # The first row is for bars without a plan.
    returns: Int16Array
    inputs: Int32Array  # (rows, len(INPUTS))


class FeatureRow(NamedTuple):
    """One row of FeatureArrays."""

    state: FeatureRecord
    notes: Int16Array  # (bars, bar offsets, 2)
    written: BoolArray  # (bars,)
    returns: Int16Array  # (1 + bars of the tune, 3)
    inputs: Int32Array  # (len(INPUTS),)


def tonic_class(key: Key | None) -> int:
    """The class of the input `tonic`."""
    return key.pitch_class + 1 if key else 0


class FeatureState:
    """Follows a stream of tokens in each row and computes the model's inputs."""

    def __init__(self, rows: int) -> None:
        self.arrays = FeatureArrays(
            np.zeros(rows, FEATURE_RECORD),
            np.zeros((rows, _BLANK_BARS + _MOST_BARS, _OFFSETS, 2), np.int16),
            np.zeros((rows, _BLANK_BARS + _MOST_BARS), np.bool_),
            np.zeros((rows, 1 + _MOST_BARS, 3), np.int16),
            np.zeros((rows, len(INPUTS)), np.int32),
        )
        self.arrays.notes[..., 0] = INDEX[TIE]

    @property
    def state(self) -> RecordArray:
        """(rows,) of FEATURE_RECORD."""
        return self.arrays.state

    @property
    def inputs(self) -> Int32Array:
        """What the model reads next: (rows, len(INPUTS)), columns as in INPUTS."""
        return self.arrays.inputs

    def begin(self, row: int, *, tonic: int = 0, outline: Outline = UNKNOWN, cadence: int = 0) -> None:
        """Starts a new tune in a row. tonic: see tonic_class; cadence: as in INPUTS."""
        state, notes, written, returns, _ = self.arrays
        state[row] = np.zeros((), FEATURE_RECORD)
        state["part"][row] = -1
        state["tonic"][row], state["cadence"][row] = tonic, cadence
        known = outline.layout[:MOST_PARTS]
        state["part_count"][row] = len(known)
        state["layout"][row, : len(known)] = known
        lifts = outline.lifts[:MOST_PARTS]
        state["lifts"][row, : len(lifts)] = lifts
        planned = outline.planned()[:_MOST_BARS]
        returns[row] = 0
        returns[row, 1 : 1 + len(planned)] = planned
        notes[row, written[row]] = INDEX[TIE], 0
        written[row] = False
        for bar, given in outline.given.items():
            if bar < _MOST_BARS:
                written[row, _BLANK_BARS + bar] = True
                for offset, (pitch, duration) in given.items():
                    notes[row, _BLANK_BARS + bar, offset // 2] = INDEX[pitch], INDEX[f"/{duration}"]

    def advance(self, tokens: Int64Array) -> None:
        """Takes the next token of each row, (rows,), PAD for none; `inputs` then describes the position after it."""
        _advance(self.arrays, tokens, TOKEN_KINDS, TOKEN_TICKS)


def inputs_of(tokens: Sequence[str], key: Key | None = None, outline: Outline = UNKNOWN, cadence: int = 0) -> Int32Array:
    """The model's inputs at each token of a tune: (time, len(INPUTS))."""
    features = FeatureState(1)
    features.begin(0, tonic=tonic_class(key), outline=outline, cadence=cadence)
    inputs = np.zeros((len(tokens), len(INPUTS)), np.int32)
    _follow(features.arrays, np.array([INDEX[token] for token in tokens]), inputs, TOKEN_KINDS, TOKEN_TICKS)
    return inputs


# compiled


@compiled
def _advance(features: FeatureArrays, tokens: Int64Array, kinds: Int64Array, ticks: Int64Array) -> None:
    for row in range(len(tokens)):
        token = tokens[row]
        if token:
            feature_row = FeatureRow(
                features.state[row], features.notes[row], features.written[row], features.returns[row], features.inputs[row]
            )
            update_features(feature_row, token, kinds[token], ticks[token])


@compiled
def _follow(features: FeatureArrays, tokens: Int64Array, inputs: Int32Array, kinds: Int64Array, ticks: Int64Array) -> None:
    for step in range(len(tokens)):
        token = tokens[step]
        feature_row = FeatureRow(features.state[0], features.notes[0], features.written[0], features.returns[0], inputs[step])
        update_features(feature_row, token, kinds[token], ticks[token])


@compiled
def update_features(row: FeatureRow, token: int, kind: int, ticks: int) -> None:
    """Takes one token of one row. kind, ticks: of the token, see token_kinds."""
    state = row.state
    if kind >= Kind.REST:
        _add_note(state, row.notes, row.written, token, kind)
    elif kind >= Kind.DURATION:
        state.duration, state.duration_token = ticks, token
        state.triplet_left = 3 if kind == Kind.TRIPLET else 0
        state.span = ticks * 3 if kind == Kind.TRIPLET else ticks
    elif kind == Kind.BAR:
        state.bar_offset = state.due_pick_up = 0
        state.bar += 1
    elif kind == Kind.METRE:
        state.bar_ticks = ticks
    elif kind == Kind.MODE or kind == Kind.ANY_MODE:
        state.mode_known = 1
    elif kind == Kind.OPEN_REPEATED or kind == Kind.OPEN:
        state.previous_part_start = state.part_start
        state.part_start = state.part_start + state.bar + 1 if state.part >= 0 else 0
        state.part += 1
        state.section = 2 if kind == Kind.OPEN_REPEATED else 1
        state.bar_offset = state.bar = state.pick_up = state.ending = 0
    elif kind == Kind.PICK_UP:
        state.pick_up = ticks
        state.bar_offset, state.bar = state.bar_ticks - ticks, -1
    elif kind == Kind.FIRST:
        state.bar += 1
        state.bar_offset, state.ending, state.section, state.ending_bar = 0, 1, 3, state.bar
    elif kind == Kind.SECOND:
        state.bar_offset, state.ending, state.section, state.bar = 0, 2, 5, state.ending_bar
    elif kind == Kind.REPEAT or kind == Kind.CLOSE:
        state.due_pick_up = max(state.bar_ticks - state.bar_offset, 0)
        state.bar_offset = 0
        state.section = 4 if state.section == 3 else 0
    _look_back(state, row.notes, row.written, row.returns)
    _write_inputs(state, row.notes, row.written, row.returns, row.inputs, token)


@compiled
def _add_note(state: FeatureRecord, notes: Int16Array, written: BoolArray, token: int, kind: int) -> None:
    for look in range(len(LOOKS)):
        pitch, duration = state.recalled[look]
        if pitch == 0:
            state.matched[look] = 0
        elif pitch == token and duration == state.duration_token:
            state.matched[look] = min(max(state.matched[look], 1) + 1, MATCHED - 1)
        else:
            state.matched[look] = 1
    if state.part >= 0:
        bar, offset = _bar_index(state.part_start + state.bar), _offset_index(state)
        notes[bar, offset, 0] = token
        notes[bar, offset, 1] = state.duration_token
        written[bar] = True
    if kind == Kind.PITCH:
        state.last_pitch = token
    state.bar_offset += state.duration
    if state.duration != state.span:
        state.triplet_left = (state.triplet_left if state.triplet_left else 3) - 1


@compiled
def _bar_index(bar: int) -> int:
    """The index of a bar of the tune in `notes` and `written`."""
    return min(max(bar + _BLANK_BARS, 0), _BLANK_BARS + _MOST_BARS - 1)


@compiled
def _offset_index(state: FeatureRecord) -> int:
    """The index of the current bar offset in `notes`."""
    return min(max(state.bar_offset // 2, 0), _OFFSETS - 1)


@compiled
def _plan_index(state: FeatureRecord, ahead: int) -> int:
    """The index in `returns` of this bar or of one `ahead` bars later. Pick-ups and second endings have no plan."""
    bar = state.part_start + state.bar + ahead
    planned = state.part >= 0 and state.bar + ahead >= 0 and state.ending != 2 and bar < _MOST_BARS
    return bar + 1 if planned else 0


@compiled
def _look_back(state: FeatureRecord, notes: Int16Array, written: BoolArray, returns: Int16Array) -> None:
    current, offset = state.part_start + state.bar, _offset_index(state)
    for look in range(len(LOOKS)):
        if look < len(RECALLED):
            bar = _bar_index(current - RECALLED[look])
        elif look == LOOK_RETURN:
            planned = returns[_plan_index(state, 0)]
            bar = _bar_index(planned[1]) if planned[0] > NOTHING else 0
        elif state.ending == 2:
            bar = _bar_index(current)
        else:
            bar = _bar_index(state.previous_part_start + state.bar) if state.part > 0 else 0
        found = state.part >= 0 and written[bar]
        state.recalled[look, 0] = notes[bar, offset, 0] if found else 0
        state.recalled[look, 1] = notes[bar, offset, 1] if found else 0


@compiled
def _write_inputs(
    state: FeatureRecord, notes: Int16Array, written: BoolArray, returns: Int16Array, inputs: Int32Array, token: int
) -> None:
    """Writes the columns in the order of INPUTS."""
    remaining = state.bar_ticks - state.bar_offset
    inputs[0], inputs[1], inputs[2] = token, min(state.bar_offset * 2 // 9, POSITIONS - 1), min(state.bar + 1, BARS - 1)
    column = 3
    for look in range(len(LOOKS)):
        inputs[column], inputs[column + 1] = state.recalled[look, 0], state.recalled[look, 1]
        column += 2
    inputs[column], inputs[column + 1] = _ticks_class(max(remaining, 0)), _ticks_class(remaining - state.pick_up)
    column += 2
    for look in range(len(LOOKS)):
        inputs[column] = state.matched[look]
        column += 1
    note_fits = 2 + state.triplet_left  # inside a triplet
    if not state.triplet_left:
        note_fits = 0 if state.span == 0 else 2 if state.span <= remaining else 1
    part = min(state.part, state.part_count - 1)
    parts_left = min(state.part_count - part, 3) if state.part_count else 0
    bars_left = min(max(state.layout[part] - state.bar, 1), 9) if state.part_count and part >= 0 else 0
    tonic = state.tonic if state.mode_known else 0
    due_pick_up = _ticks_class(state.due_pick_up)
    for value in (note_fits, tonic, state.section, parts_left, bars_left, state.cadence, state.last_pitch, due_pick_up):
        inputs[column] = value
        column += 1
    known = state.part_count > 0 and part >= 0
    planned, following = returns[_plan_index(state, 0)], returns[_plan_index(state, 1)]
    source = _bar_index(following[1])
    ahead = notes[source, 0, 0] if following[0] >= MOST and written[source] else 0
    inputs[column] = min(state.layout[part], 17) if known else 0
    inputs[column + 1], inputs[column + 2], inputs[column + 3] = planned[0], planned[2], ahead
    inputs[column + 4] = state.lifts[part] if known else 0


@compiled
def _ticks_class(ticks: int) -> int:
    """The class of a number of ticks; the last class for numbers that are negative or too large."""
    return ticks // 2 if 0 <= ticks // 2 < REMAINING - 1 else REMAINING - 1
