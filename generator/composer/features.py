"""What the model is told beside the token: where it stands in the tune, what stood there before, and what is still to come.

Training and composing must count alike: both count here, many tunes at a time, a row for each. What is done for every token
of every row is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer.compiled import compiled
from generator.notation import tokens as t
from generator.notation.keys import Key
from generator.notation.metres import Metre

POSITIONS = 64  # classes of the position in the bar, in 1/64 of the longest bar counted (12/8 and 3/2: 288 ticks)
BARS = 36  # classes of the bar in its part; the last stands for all beyond
REMAINING = 146  # classes of what remains of a bar: half its ticks, of 288 at most; the last stands for a bar that is too full
MATCHED = 10  # classes of how many notes in a row were as recalled: nothing to recall, none, 1…8
RECALLED = (1, 2, 4)  # how many bars are looked back; besides, to the part before, or to the first ending from the second
LOOKS = (*RECALLED, "part")

# What the model may read at each step, and how many classes each input has.
INPUTS = {
    "token": len(t.VOCABULARY),
    "position": POSITIONS,  # in the bar
    "bar": BARS,  # of the part; class 0 is the pick-up
    # For each earlier bar, the note that began at the same bar offset in it: the tokens of its pitch and duration. TIE if a
    # note is still sounding there, PAD if nothing was written.
    **{f"{what}_{where}": len(t.VOCABULARY) for where in LOOKS for what in ("pitch", "duration")},
    "remaining": REMAINING,  # of the bar
    "remaining_at_part_end": REMAINING,  # of the bar if it ends the part: less the pick-up
    **{f"matched_{where}": MATCHED for where in LOOKS},  # how many notes in a row were the recalled ones
    # Whether another note of the current duration fits: unknown, no, yes, and the first, second and third from last of a triplet.
    "note_fits": 6,
    "tonic": 13,  # unknown, C … B: it tells the register, since players have the same range in every key
    "section": 6,  # between parts, in a part played once, twice, in a first ending, after it, in a second one
    "parts_left": 4,  # after this one: unknown, none, one, more
    "bars_left": 10,  # of the part, including this one: unknown, 1 … 8, more
    "cadence": 3,  # the note that the tune is to end on: unknown, the tonic, another note
    "last_pitch": len(t.VOCABULARY),  # a duration token may stand between it and the next pitch
    # By how much the previous part ended short, up to the next bar line: the length of the pick-up that must follow.
    "due_pick_up": REMAINING,
}
# The features whose classes are tokens: pitches and durations. All other features are numbers.
TOKEN_FEATURES = frozenset({"last_pitch", *(f"{what}_{where}" for where in LOOKS for what in ("pitch", "duration"))})

ON_TONIC = t.ON_TONIC
_MOST_BARS = 128  # that are remembered of a tune; what lies beyond is remembered as the last one
MOST_PARTS = 16  # that a layout tells
_BEFORE = 8  # bars that are never written, so that looking back before the beginning finds nothing
_PLACES = REMAINING  # in a bar: half its ticks

# What a token is; the grammar goes by it too. Those that only a name has stand first, then a part's, then the music.
(
    PAD, START, END, RHYTHM, ANY_RHYTHM, METRE, MODE, ANY_MODE, OPEN_REPEATED, OPEN, PICK_UP, BAR, FIRST, SECOND, REPEAT, CLOSE,
    TIE, DURATION, TRIPLET, REST, PITCH,
) = range(21)  # fmt: skip
_NAMED = {
    t.PAD: PAD, t.START: START, t.END: END, t.ANY_RHYTHM: ANY_RHYTHM, t.ANY_MODE: ANY_MODE, t.OPEN_REPEATED: OPEN_REPEATED,
    t.OPEN: OPEN, t.BAR: BAR, t.FIRST: FIRST, t.SECOND: SECOND, t.REPEAT: REPEAT, t.CLOSE: CLOSE, t.TIE: TIE, t.REST: REST,
}  # fmt: skip


def _kind(token: str) -> int:
    if token in _NAMED:
        return _NAMED[token]
    if token[0] == "/":
        return TRIPLET if int(token[1:]) in t.TRIPLETS else DURATION
    return {"R:": RHYTHM, "M:": METRE, "K:": MODE, "up": PICK_UP}.get(token[:2], PITCH)


def _ticks(token: str) -> int:
    if token.startswith("M:"):
        metre = Metre.parse(token[2:]) if token != t.ANY_METRE else None
        return int(metre.bar * t.TICKS) if metre else 0
    return int(token.lstrip("/up")) if token[0] == "/" or token.startswith("up") else 0


KINDS = np.array([_kind(token) for token in t.VOCABULARY], np.int64)
TICKS = np.array([_ticks(token) for token in t.VOCABULARY], np.int64)  # of a metre's bar, a pick-up, a duration

STATE = np.dtype(
    [
        ("tonic", np.int64), ("cadence", np.int64), ("section", np.int64),  # as INPUTS has them; 0 where they are left open
        ("layout", np.int64, MOST_PARTS),  # how many bars each part is to have
        ("parts", np.int64),  # of the layout; 0 where it is left open
        ("bar_ticks", np.int64),  # a full bar; 0 until the metre is known
        ("position", np.int64),  # ticks since the bar line
        ("bar", np.int64),  # of the part, -1 in its pick-up; the second ending counts from where the first began
        ("part", np.int64),  # -1 before the first
        ("pick_up", np.int64),  # of the current part, in ticks
        ("duration", np.int64), ("claim", np.int64),  # in force, in ticks: of a note, and of what it begins, a triplet's three
        ("triplet", np.int64),  # notes that the open triplet still lacks
        ("ending", np.int64), ("ending_bar", np.int64),  # and the bar of the part with which the endings begin
        ("duration_token", np.int64), ("last", np.int64), ("mode_known", np.int64),
        ("owed", np.int64),  # ticks
        ("start", np.int64), ("start_before", np.int64),  # of this part and of the one before it, in bars of the tune
        ("recalled", np.int64, (len(LOOKS), 2)), ("matched", np.int64, len(LOOKS)),
    ]
)  # fmt: skip


def tonic_class(key: Key | None) -> int:
    """The tonic as the model is told it."""
    return key.pitch_class + 1 if key else 0


class FeatureState:
    """Follows token streams, one in each row: where in the bar, in which bar of its part, what is still open."""

    def __init__(self, rows: int) -> None:
        self.state = np.zeros(rows, STATE)
        self.inputs = np.zeros((rows, len(INPUTS)), np.int32)  # what the model is told now
        # Pitch and duration of the note that begins at each place of each bar; where none does in a bar with notes, one lasts.
        self.notes = np.zeros((rows, _BEFORE + _MOST_BARS, _PLACES, 2), np.int16)
        self.notes[..., 0] = t.INDEX[t.TIE]
        self.written = np.zeros((rows, _BEFORE + _MOST_BARS), np.bool_)  # the bars that have notes

    def begin(self, row: int, *, tonic: int = 0, layout: Sequence[int] = (), cadence: int = 0) -> None:
        """Empties a row for a new tune."""
        self.state[row] = np.zeros((), STATE)
        self.state["part"][row] = -1
        self.state["tonic"][row], self.state["cadence"][row] = tonic, cadence
        self.lay_out(row, layout)
        self.notes[row, self.written[row]] = t.INDEX[t.TIE], 0
        self.written[row] = False

    def lay_out(self, row: int, layout: Sequence[int]) -> None:
        told = layout[:MOST_PARTS]
        self.state["parts"][row] = len(told)
        self.state["layout"][row, : len(told)] = told

    def advance(self, tokens: NDArray[np.int64]) -> None:
        """Takes the next token of each row, (rows,), PAD where there is none; `inputs` tells of the places behind them."""
        _advance(self.state, self.notes, self.written, self.inputs, tokens, KINDS, TICKS)


@compiled
def _advance(state: Any, notes: Any, written: Any, inputs: Any, tokens: Any, kinds: Any, ticks: Any) -> None:
    for row in range(len(tokens)):
        if tokens[row]:
            track(state[row], notes[row], written[row], inputs[row], tokens[row], kinds[tokens[row]], ticks[tokens[row]])


@compiled
def track(s: Any, notes: Any, written: Any, inputs: Any, token: int, kind: int, ticks: int) -> None:
    """One token of one row. s: its STATE; notes, written, inputs: its rows of the Tracker's."""
    if kind >= REST:
        _sound(s, notes, written, token, kind)
    elif kind >= DURATION:
        s.duration, s.duration_token = ticks, token
        s.triplet = 3 if kind == TRIPLET else 0
        s.claim = ticks * 3 if kind == TRIPLET else ticks
    elif kind == BAR:
        s.position = s.owed = 0
        s.bar += 1
    elif kind == METRE:
        s.bar_ticks = ticks
    elif kind in (MODE, ANY_MODE):
        s.mode_known = 1
    elif kind in (OPEN_REPEATED, OPEN):
        s.start_before = s.start
        s.start = s.start + s.bar + 1 if s.part >= 0 else 0
        s.part += 1
        s.section = 2 if kind == OPEN_REPEATED else 1
        s.position = s.bar = s.pick_up = s.ending = 0
    elif kind == PICK_UP:
        s.pick_up = ticks
        s.position, s.bar = s.bar_ticks - ticks, -1
    elif kind == FIRST:
        s.bar += 1
        s.position, s.ending, s.section, s.ending_bar = 0, 1, 3, s.bar
    elif kind == SECOND:
        s.position, s.ending, s.section, s.bar = 0, 2, 5, s.ending_bar
    elif kind in (REPEAT, CLOSE):
        s.owed = max(s.bar_ticks - s.position, 0)
        s.position = 0
        s.section = 4 if s.section == 3 else 0
    _recall(s, notes, written)
    _tell(s, inputs, token)


@compiled
def _sound(s: Any, notes: Any, written: Any, token: int, kind: int) -> None:
    for look in range(len(LOOKS)):
        pitch, duration = s.recalled[look]
        if pitch == 0:
            s.matched[look] = 0
        elif pitch == token and duration == s.duration_token:
            s.matched[look] = min(max(s.matched[look], 1) + 1, MATCHED - 1)
        else:
            s.matched[look] = 1
    if s.part >= 0:
        bar, place = _remembered(s.start + s.bar), _place(s)
        notes[bar, place, 0] = token
        notes[bar, place, 1] = s.duration_token
        written[bar] = True
    if kind == PITCH:
        s.last = token
    s.position += s.duration
    if s.duration != s.claim:
        s.triplet = (s.triplet if s.triplet else 3) - 1


@compiled
def _remembered(bar: int) -> int:
    """Where a bar of the tune is remembered."""
    return min(max(bar + _BEFORE, 0), _BEFORE + _MOST_BARS - 1)


@compiled
def _place(s: Any) -> Any:
    return min(max(s.position // 2, 0), _PLACES - 1)


@compiled
def _recall(s: Any, notes: Any, written: Any) -> None:
    here, place = s.start + s.bar, _place(s)
    for look in range(len(LOOKS)):
        if look < len(RECALLED):
            bar = _remembered(here - RECALLED[look])
        elif s.ending == 2:
            bar = _remembered(here)
        else:
            bar = _remembered(s.start_before + s.bar) if s.part > 0 else 0
        found = s.part >= 0 and written[bar]
        s.recalled[look, 0] = notes[bar, place, 0] if found else 0
        s.recalled[look, 1] = notes[bar, place, 1] if found else 0


@compiled
def _tell(s: Any, inputs: Any, token: int) -> None:
    remaining = s.bar_ticks - s.position
    inputs[0], inputs[1], inputs[2] = token, min(s.position * 2 // 9, POSITIONS - 1), min(s.bar + 1, BARS - 1)
    column = 3
    for look in range(len(LOOKS)):
        inputs[column], inputs[column + 1] = s.recalled[look, 0], s.recalled[look, 1]
        column += 2
    inputs[column], inputs[column + 1] = _left(max(remaining, 0)), _left(remaining - s.pick_up)
    column += 2
    for look in range(len(LOOKS)):
        inputs[column] = s.matched[look]
        column += 1
    fits = 2 + s.triplet if s.triplet else 0 if s.claim == 0 else 2 if s.claim <= remaining else 1
    part = min(s.part, s.parts - 1)
    to_come = min(s.parts - part, 3) if s.parts else 0
    left = min(max(s.layout[part] - s.bar, 1), 9) if s.parts and part >= 0 else 0
    tonic = s.tonic if s.mode_known else 0
    for value in (fits, tonic, s.section, to_come, left, s.cadence, s.last, _left(s.owed)):
        inputs[column] = value
        column += 1


@compiled
def _left(ticks: int) -> int:
    """What remains of a bar as a class."""
    return ticks // 2 if 0 <= ticks // 2 < REMAINING - 1 else REMAINING - 1


def inputs_of(tokens: Sequence[str], key: Key | None = None, layout: Sequence[int] = (), cadence: int = 0) -> NDArray[np.int32]:
    """What the model is told at each token of a tune: (time, columns) as INPUTS has them."""
    features = FeatureState(1)
    features.begin(0, tonic=tonic_class(key), layout=layout, cadence=cadence)
    found = np.zeros((len(tokens), len(INPUTS)), np.int32)
    _follow(
        features.state[0],
        features.notes[0],
        features.written[0],
        np.array([t.INDEX[token] for token in tokens]),
        found,
        KINDS,
        TICKS,
    )
    return found


@compiled
def _follow(s: Any, notes: Any, written: Any, tokens: Any, found: Any, kinds: Any, ticks: Any) -> None:
    for at in range(len(tokens)):
        track(s, notes, written, found[at], tokens[at], kinds[tokens[at]], ticks[tokens[at]])
