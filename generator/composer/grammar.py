"""What may come next: a mask over the vocabulary at each step, legal always and never a dead end.

Bars add up to the metre, a pick-up is paired with the short last bar of every part, triplets are complete, ties reach
their note, repeats and endings close, parts have the asked length, the melody stays within one fiddle's first position.
What is done for every token of every row is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.composer import features as k  # kinds of tokens
from generator.composer.compiled import compiled
from generator.composer.features import KINDS, TICKS, FeatureState, tonic_class, track
from generator.notation import tokens as t
from generator.notation.keys import LETTERS, SEMITONES, Key, Mode
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.tempo import MAX_PLAYING_S, seconds, usual_tempo
from generator.request import OMISSIONS

Mask = NDArray[np.bool_]  # (vocabulary,)

LOWEST, HIGHEST = 55, 83  # MIDI: a fiddle's open G to the B of its first position
OCTAVES = (0, -12, 12)  # how far a tune may be moved so that it lies in that range, the first being preferred
FREE_BARS = 4, 16  # of a part, where the form is free
QUAVER = t.TICKS // 8


@dataclass(frozen=True, slots=True)
class Form:
    """How the tune is laid out: parts of so many bars, played twice, as dances are."""

    bars: int = 8  # of a part
    fewest_parts: int = 2
    most_parts: int = 2  # of dance tunes in the corpus 64 in a hundred are AABB, 4 have a third part
    repeated: bool = True  # each part is played twice; only a part that an opening has begun may differ
    free: bool = False  # parts of any length within FREE_BARS, played once or twice

    def layout(self) -> list[int]:
        """The bars of each part, as far as they are known beforehand; none where the model is to choose."""
        known = self.fewest_parts == self.most_parts and not self.free
        return [self.bars] * self.most_parts if known else []


FREE = Form(FREE_BARS[1], fewest_parts=2, most_parts=4, free=True)


def _omitted() -> dict[str, Mask]:
    """What each of request.OMISSIONS is among the tokens."""
    kinds, ticks = KINDS, TICKS
    marked = np.array([kind == k.PITCH and token[-1] in "^_" for token, kind in zip(t.VOCABULARY, kinds, strict=True)])
    timed = (kinds == k.DURATION) | (kinds == k.PICK_UP)
    short = (timed & (ticks % QUAVER > 0)) | ((kinds == k.TRIPLET) & (3 * ticks <= QUAVER))
    known: dict[str, Mask] = {
        "triplets": kinds == k.TRIPLET,
        "semiquavers": short,  # and what leaves room for one
        "accidentals": marked,
        "rests": kinds == k.REST,
        "ties": kinds == k.TIE,
        "pick-ups": kinds == k.PICK_UP,
        "second endings": kinds == k.FIRST,
    }
    return {name: known[name] for name in OMISSIONS}


OMITTED = _omitted()


class Tables(NamedTuple):
    """What the vocabulary means, for compiled code."""

    kinds: NDArray[np.int64]  # (vocabulary,)
    ticks: NDArray[np.int64]  # (vocabulary,)
    modes: NDArray[np.int64]  # (vocabulary,) the place of a mode among tokens.MODES
    tonics: NDArray[np.bool_]  # (vocabulary,) the tonic in every octave
    written_in: NDArray[np.bool_]  # (vocabulary, vocabulary) of a rhythm: its usual metres
    most_bars: NDArray[np.int64]  # (vocabulary, vocabulary) of a rhythm in a metre: how many are played in the longest tune


def _metre_of(token: str) -> Metre | None:
    return Metre.parse(token[2:]) if token != t.ANY_METRE else None


def _tables() -> Tables:
    size = len(t.VOCABULARY)
    written_in = np.zeros((size, size), np.bool_)
    most_bars = np.zeros((size, size), np.int64)
    for rhythm in (t.ANY_RHYTHM, *(f"R:{name}" for name in RHYTHMS)):
        named = RHYTHMS.get(rhythm[2:])
        for metre in named.default_metres if named else t.METRES:
            written_in[t.INDEX[rhythm], t.INDEX[f"M:{t.token_metre(metre)}"]] = True
        for metre in t.METRES:
            bar = seconds(metre.bar, usual_tempo(named.name if named else "", metre))
            most_bars[t.INDEX[rhythm], t.INDEX[f"M:{metre}"]] = int((MAX_PLAYING_S - 1e-6) / bar)
    modes = np.array(
        [t.MODES.index(Mode(token[2:])) if kind == k.MODE else 0 for token, kind in zip(t.VOCABULARY, KINDS, strict=True)]
    )
    tonics = np.array(
        [kind == k.PITCH and t.cadence_class([token]) == t.ON_TONIC for token, kind in zip(t.VOCABULARY, KINDS, strict=True)]
    )
    return Tables(KINDS, TICKS, modes, tonics, written_in, most_bars)


TABLES = _tables()

STATE = np.dtype(
    [
        ("form_bars", np.int64), ("fewest", np.int64), ("most", np.int64), ("repeated", np.int64), ("free", np.int64),
        ("taken", np.int64),  # tokens
        ("last", np.int64),  # token
        ("rhythm", np.int64), ("metre", np.int64), ("mode", np.int64),  # as chosen: tokens, and the mode's place
        ("closed", np.int64),  # between parts
        ("part_repeated", np.int64),
        ("bars", np.int64),  # of the current part: the form's, or more where an opening is longer
        ("pick_up_wanted", np.int64),  # for the parts to come: as the part before had it; -1 before the first bar line
        ("bars_played", np.int64),  # repeats counted
        ("last_pitch", np.int64), ("tied", np.int64),
        ("inner_bar", np.int64),  # set while a bar is written into a tune whose layout is fixed
        ("octaves", np.int64, len(OCTAVES)),  # 1 for each that is still open
        ("tonics", np.int64, len(t.MODES)),  # the tonic of the tune in each mode, as the model is told it
        ("done", np.int64),
    ]
)  # fmt: skip


@lru_cache(maxsize=256)
def _window(key: Key, octave: int) -> Mask:
    """Which pitches of a key are in range when the tune is moved by so many semitones; no double sharps or flats."""
    base = t.tonic_pitch(key)
    window = np.zeros(len(t.VOCABULARY), np.bool_)
    for index in np.flatnonzero(KINDS == k.PITCH):
        degree, alter = t.pitch_parts(t.VOCABULARY[index])
        letter = LETTERS[(base.staff + degree) % 7]
        altered = key.signature[letter] + alter
        midi = 12 * ((base.staff + degree) // 7 + 1) + SEMITONES[letter] + altered
        window[index] = LOWEST <= midi + octave <= HIGHEST and abs(altered) < 2
    return window


class Grammar:
    """Follows tunes, one in each row, and says what may come next."""

    def __init__(self, rows: int) -> None:
        size = len(t.VOCABULARY)
        self.features = FeatureState(rows)
        self.state = np.zeros(rows, STATE)
        self.header = np.zeros((rows, 3, size), np.bool_)  # what rhythm, metre and mode may be; no metre: those of the rhythm
        self.windows = np.zeros((rows, len(t.MODES), len(OCTAVES), size), np.bool_)  # the pitches that are playable
        self.left_out = np.zeros((rows, size), np.bool_)  # where anything else is legal

    def begin(
        self,
        row: int,
        form: Form,
        keys: Sequence[Key],
        *,
        rhythm: str | None = None,
        metre: Metre | None = None,
        mode: Mode | None = None,
        layout: Sequence[int] | None = None,
        cadence: int = 0,
        octaves: Sequence[int] = OCTAVES,
        without: Sequence[str] = (),
    ) -> None:
        """A new tune in a row. keys: the one to stand in for each of tokens.MODES that may be chosen. What is None is left to
        the model; the layout is the form's unless one is given. without: of request.OMISSIONS."""
        state = self.state
        state[row] = np.zeros((), STATE)
        for name, value in (
            ("form_bars", form.bars), ("fewest", form.fewest_parts), ("most", form.most_parts), ("repeated", form.repeated),
            ("free", form.free), ("pick_up_wanted", -1), ("part_repeated", 1),
        ):  # fmt: skip
            state[name][row] = value
        state["octaves"][row] = [octave in octaves for octave in OCTAVES]
        for key in keys:
            place = t.MODES.index(key.mode)
            state["tonics"][row, place] = tonic_class(key)
            self.windows[row, place] = [_window(key, octave) for octave in OCTAVES]
        self.left_out[row] = np.any([OMITTED[name] for name in without], axis=0) if without else False
        self.features.begin(row, layout=form.layout() if layout is None else layout, cadence=cadence)
        self.header[row] = _rhythms(rhythm, metre), _only(*([f"M:{t.token_metre(metre)}"] if metre else [])), _modes(mode)

    def mask(self) -> NDArray[np.bool_]:
        """The legal tokens of each row, (rows, vocabulary), never none; of a row that is done they mean nothing."""
        found = np.zeros((len(self.state), len(t.VOCABULARY)), np.bool_)
        _masks(self.state, self.features.state, self.header, self.windows, self.left_out, found, TABLES)
        return found

    def advance(self, tokens: NDArray[np.int64]) -> None:
        """Takes the next token of each row, PAD where there is none: those that the mask let through, or of an opening."""
        features = self.features
        _advance(self.state, features.state, features.notes, features.written, features.inputs, self.windows, tokens, TABLES)

    def octave(self, row: int) -> int:
        """The semitones by which the finished tune is moved into range."""
        return OCTAVES[int(self.state["octaves"][row].argmax())]


def _only(*names: str) -> Mask:
    mask = np.zeros(len(t.VOCABULARY), np.bool_)
    mask[[t.INDEX[name] for name in names]] = True
    return mask


def _rhythms(rhythm: str | None, metre: Metre | None) -> Mask:
    if rhythm:
        return _only(f"R:{rhythm}")
    names = [name for name, known in RHYTHMS.items() if metre is None or any(metre.bar == usual.bar for usual in known.metres)]
    return _only(*(f"R:{name}" for name in names)) if names else _only(t.ANY_RHYTHM)


def _modes(mode: Mode | None) -> Mask:
    return _only(*(f"K:{chosen}" for chosen in ([mode] if mode else t.MODES)))


# compiled: g is a row of the grammar's STATE, s of the tracker's


@compiled
def bars_written(g: Any, s: Any) -> Any:
    """How many bars a row has; a second ending counts from where the first began."""
    return max(s.part, 0) * g.form_bars + max(s.bar + (s.position > 0), 0)


@compiled
def _masks(grammar: Any, state: Any, header: Any, windows: Any, left_out: Any, masks: Any, tables: Any) -> None:
    for row in range(len(grammar)):
        if not grammar[row].done:
            legal(grammar[row], state[row], header[row], windows[row], left_out[row], masks[row], tables)


@compiled
def _advance(grammar: Any, state: Any, notes: Any, written: Any, inputs: Any, windows: Any, tokens: Any, tables: Any) -> None:
    for row in range(len(tokens)):
        if tokens[row]:
            take(grammar[row], state[row], notes[row], written[row], inputs[row], windows[row], tokens[row], tables)


@compiled
def legal(g: Any, s: Any, header: Any, windows: Any, left_out: Any, mask: Any, tables: Any) -> None:
    """Writes into mask, (vocabulary,), what may come next in one row."""
    mask[:] = False
    last = tables.kinds[g.last]
    if g.taken == 0:
        _allow(mask, tables, k.START)
    elif g.taken == 2 and not header[1].any():
        mask[:] = tables.written_in[g.last]
    elif g.taken < 4:
        mask[:] = header[g.taken - 1]
    elif s.part < 0 or g.closed:
        _between_parts(g, s, mask, tables)
    elif last in (k.OPEN_REPEATED, k.OPEN):
        _after_opening(g, s, windows, mask, tables)
    elif last == k.REPEAT:  # of a first ending
        _allow(mask, tables, k.SECOND)
    elif g.tied and remaining(g, s) <= 0:
        _allow(mask, tables, k.BAR)
    elif g.tied or last == k.DURATION or last == k.TRIPLET or s.triplet or remaining(g, s) > 0:
        _music(g, s, windows, mask, tables)
        if (
            _may_close(g, s)
            and not g.tied
            and last >= k.REST
            and s.triplet % 3 == 0
            and s.position == s.bar_ticks - _pick_up(g, s)
        ):
            _close(g, s, mask, tables)
    else:
        _bar_end(g, s, mask, tables)
    if g.taken >= 4 and left_out.any():
        _leave_out(s, left_out, mask, tables)


@compiled
def _leave_out(s: Any, left_out: Any, mask: Any, tables: Any) -> None:
    """Takes away what is not wanted, unless nothing else is legal: an opening may bring it, and leave half to be written."""
    notes = False  # whether those of the duration in force are among it
    for token in range(len(mask)):
        length = tables.ticks[token] * (3 if tables.kinds[token] == k.TRIPLET else 1)
        if left_out[token] and tables.ticks[token] == s.duration and length == s.claim and tables.kinds[token] >= k.DURATION:
            notes = True
    wanted, otherwise = 0, 0  # tokens, also with notes of that duration
    for token in range(len(mask)):
        if mask[token] and not left_out[token]:
            otherwise += 1
            wanted += not (notes and tables.kinds[token] >= k.REST)
    for token in range(len(mask)):
        if otherwise and (left_out[token] or (wanted and notes and tables.kinds[token] >= k.REST)):
            mask[token] = False


@compiled
def _allow(mask: Any, tables: Any, kind: int) -> None:
    for token in range(len(mask)):
        if tables.kinds[token] == kind:
            mask[token] = True


@compiled
def _between_parts(g: Any, s: Any, mask: Any, tables: Any) -> None:
    parts = s.part + 1
    another = parts < g.fewest or (parts < g.most and g.bars_played + 2 * g.form_bars <= tables.most_bars[g.rhythm, g.metre])
    if another and (g.repeated or g.free):
        _allow(mask, tables, k.OPEN_REPEATED)
    if another and (not g.repeated or g.free):
        _allow(mask, tables, k.OPEN)
    if parts >= g.fewest:
        _allow(mask, tables, k.END)


@compiled
def _after_opening(g: Any, s: Any, windows: Any, mask: Any, tables: Any) -> None:
    for token in range(len(mask)):
        if tables.kinds[token] == k.PICK_UP:
            ticks = tables.ticks[token]
            mask[token] = ticks <= s.bar_ticks // 2 if s.part == 0 else ticks == g.pick_up_wanted
    if s.part == 0 or not mask.any():
        _music(g, s, windows, mask, tables)


@compiled
def _pick_up(g: Any, s: Any) -> Any:
    return s.pick_up if s.pick_up else max(g.pick_up_wanted, 0)


@compiled
def _last_bar(g: Any, s: Any) -> bool:
    return s.bar + 1 >= g.bars and not g.inner_bar


@compiled
def remaining(g: Any, s: Any) -> Any:
    """Ticks until the end of the bar: the last one of a part leaves room for the pick-up."""
    return s.bar_ticks - (_pick_up(g, s) if _last_bar(g, s) else 0) - s.position


@compiled
def _music(g: Any, s: Any, windows: Any, mask: Any, tables: Any) -> None:
    """Inside a bar: pitches of the duration in force where it fits, and other durations that fit.

    Something always does: what remains of a bar is a multiple of the shortest duration.
    """
    room, last = remaining(g, s), tables.kinds[g.last]
    home = _is_final(g, s, room) and not g.tied
    open_triplet = s.triplet == 1 or s.triplet == 2
    fits = open_triplet or 0 < s.claim <= room
    rests = not s.triplet and s.bar >= 0  # none in a pick-up
    for token in range(len(mask)):
        kind, ticks = tables.kinds[token], tables.ticks[token]
        if kind >= k.REST:
            if fits and g.tied:
                mask[token] = token == g.last_pitch
            elif fits and home:
                wanted = kind == k.PITCH and tables.tonics[token] == (s.cadence == k.ON_TONIC)
                mask[token] = wanted and _playable(g, windows, token)
            elif fits:
                mask[token] = rests if kind == k.REST else _playable(g, windows, token)
        elif kind >= k.DURATION and not open_triplet and last != k.DURATION and last != k.TRIPLET and ticks != s.duration:
            claim = 3 * ticks if kind == k.TRIPLET else ticks
            mask[token] = claim <= room and not (g.tied and kind == k.TRIPLET)


@compiled
def _is_final(g: Any, s: Any, room: int) -> bool:
    """Whether the note that comes fills the last bar of a tune of which is known on what it is to end."""
    fills = room == (s.duration if s.triplet == 1 else s.claim)
    return fills and _last_bar(g, s) and _ends_the_tune(g, s)


@compiled
def _ends_the_tune(g: Any, s: Any) -> bool:
    """Whether this part, or its second ending, is to end as the tune is: on the tonic, or elsewhere."""
    return s.cadence > 0 and s.part + 1 >= g.most and s.ending != 1 and not g.free


@compiled
def _playable(g: Any, windows: Any, token: int) -> bool:
    found = False
    for octave in range(len(OCTAVES)):
        found = found or (g.octaves[octave] > 0 and windows[g.mode, octave, token])
    return found


@compiled
def _bar_end(g: Any, s: Any, mask: Any, tables: Any) -> None:
    if s.bar >= 0 and _last_bar(g, s):
        return _close(g, s, mask, tables)
    _allow(mask, tables, k.BAR)
    if s.bar < 0:  # a pick-up
        return None
    left = g.bars - (s.bar + 1)
    soon = s.bar + 1 >= FREE_BARS[0] - 1 if g.free else left <= 2
    if s.ending == 0 and g.part_repeated and soon and left > 0:
        _allow(mask, tables, k.FIRST)
    last = tables.kinds[g.last]
    wrong = tables.tonics[g.last] != (s.cadence == k.ON_TONIC)
    held = left == 1 and wrong and _ends_the_tune(g, s)  # over the last bar line, to the end, it might be
    if last == k.PITCH and g.last == g.last_pitch and s.duration == s.claim and not held:
        _allow(mask, tables, k.TIE)
    if _may_close(g, s) and _pick_up(g, s) == 0:
        _close(g, s, mask, tables)
    return None


@compiled
def _may_close(g: Any, s: Any) -> bool:
    """Whether a free part may end with this bar; its second ending is as long as the first."""
    return g.free and s.ending != 2 and (s.ending == 1 or s.bar + 1 >= FREE_BARS[0]) and not g.inner_bar


@compiled
def _close(g: Any, s: Any, mask: Any, tables: Any) -> None:
    _allow(mask, tables, k.CLOSE if s.ending == 2 or not g.part_repeated else k.REPEAT)


@compiled
def take(g: Any, s: Any, notes: Any, written: Any, inputs: Any, windows: Any, token: int, tables: Any) -> None:
    """One token of one row."""
    kind, ending = tables.kinds[token], s.ending
    if kind == k.MODE:
        g.mode = tables.modes[token]
        s.tonic = g.tonics[g.mode]
    if kind in (k.OPEN_REPEATED, k.OPEN):
        g.closed, g.part_repeated = 0, 1 if kind == k.OPEN_REPEATED else 0
        told = s.part + 1 < s.parts
        g.bars = s.layout[s.part + 1] if told else FREE_BARS[1] if g.free else g.form_bars
    track(s, notes, written, inputs, token, kind, tables.ticks[token])
    if kind == k.PICK_UP:
        g.pick_up_wanted = s.pick_up
    elif kind == k.END:
        g.done = 1
    elif kind == k.CLOSE or (kind == k.REPEAT and ending != 1):
        g.closed, g.pick_up_wanted = 1, s.owed  # what the part lacks is the pick-up of the next
        g.bars_played += (s.bar + 1) * (2 if g.part_repeated else 1)
    elif kind == k.REPEAT and g.free:
        g.bars = s.bar + 1  # of the second ending too
    elif kind == k.FIRST and g.free:
        g.bars = min(g.bars, s.bar + 2)
    elif kind == k.RHYTHM or kind == k.ANY_RHYTHM:
        g.rhythm = token
    elif kind == k.METRE:
        g.metre = token
    elif kind == k.TIE:
        g.tied = 1
    elif kind >= k.REST:
        g.tied, g.last_pitch = 0, token
        if kind == k.PITCH and _playable(g, windows, token):  # an opening may go beyond the range; what follows it may not
            for octave in range(len(OCTAVES)):
                g.octaves[octave] = g.octaves[octave] and windows[g.mode, octave, token]
    elif kind == k.BAR and not s.pick_up:
        g.pick_up_wanted = 0
    g.last = token
    g.taken += 1
    if not g.closed and s.part >= 0 and (s.bar >= g.bars or remaining(g, s) < 0):
        g.bars += g.form_bars  # an opening that is longer than a part
        if s.part < s.parts:
            s.layout[s.part] = g.bars


@compiled
def bar_is_full(g: Any, s: Any, tables: Any) -> bool:
    last = tables.kinds[g.last]
    return not g.closed and s.part >= 0 and remaining(g, s) <= 0 and not g.tied and last != k.DURATION and last != k.TRIPLET
