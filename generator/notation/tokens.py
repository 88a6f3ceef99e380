"""The tokens that the model reads and writes, and their way from a score and back.

A tune is: its header (`R:reel M:4/4 K:dorian`), its parts, and `<end>`. A part opens with `|:` (played twice) or `[|`,
may name the length of its pick-up, and closes with `:|`, with endings `[1 … :| [2 … ||`, or with `||`. A duration
holds until the next one; a pitch is a degree of the scale above the tonic, so that every key of a mode reads alike:

    >>> from generator.notation.reader import read
    >>> " ".join(encode(read("R:jig\\nM:6/8\\nK:D\\n|:DFA d2f|^g3 d3:|")))
    '<start> R:jig M:6/8 K:major |: /24 0 2 4 /48 7 /24 9 | /72 10^ 7 :| <end>'

Durations are in ticks, 192 to a whole note. Ornaments, grace notes and the lower notes of chords are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from generator.notation.keys import LETTERS, Key, Mode
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet
from generator.notation.structure import FormError, Part, parts

TICKS = 192  # in a whole note: the smallest number that holds 1/32 notes and triplets of 1/16 without remainder

PAD, START, END = "<pad>", "<start>", "<end>"
OPEN_REPEATED, OPEN, BAR, REPEAT, CLOSE = "|:", "[|", "|", ":|", "||"
FIRST, SECOND, TIE, REST = "[1", "[2", "-", "z"
ANY_RHYTHM, ANY_METRE, ANY_MODE = "R:?", "M:?", "K:?"

MODES = (Mode.MAJOR, Mode.MINOR, Mode.DORIAN, Mode.MIXOLYDIAN)
METRES = tuple(Metre(*pair) for pair in ((2, 4), (3, 4), (4, 4), (3, 8), (6, 8), (9, 8), (12, 8), (3, 2)))
DURATIONS = (6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192)
TRIPLETS = (8, 16, 32)  # each of three in the time of two
PICK_UPS = (6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96)
DEGREES = range(-10, 18)
_MARKS = {0: "", 1: "^", -1: "_"}


def _vocabulary() -> tuple[str, ...]:
    return (
        PAD, START, END,
        ANY_RHYTHM, *(f"R:{name}" for name in RHYTHMS),
        ANY_METRE, *(f"M:{metre}" for metre in METRES),
        ANY_MODE, *(f"K:{mode}" for mode in MODES),
        OPEN_REPEATED, OPEN, BAR, REPEAT, CLOSE, FIRST, SECOND, TIE, REST,
        *(f"up{ticks}" for ticks in PICK_UPS),
        *(f"/{ticks}" for ticks in DURATIONS + TRIPLETS),
        *(f"{degree}{mark}" for degree in DEGREES for mark in _MARKS.values()),
    )  # fmt: skip


VOCABULARY = _vocabulary()
INDEX = {token: index for index, token in enumerate(VOCABULARY)}
POSITIONS = 64  # classes of the position in the bar, in 1/64 of the longest bar counted (12/8 and 3/2: 288 ticks)
BARS = 36  # classes of the bar in its part; the last stands for all beyond
REMAINING = 146  # classes of what remains of a bar: half its ticks, of 288 at most; the last stands for a bar that is too full
MATCHED = 10  # classes of how many notes in a row were as recalled: nothing to recall, none, 1…8
RECALLED = (1, 2, 4)  # how many bars are looked back; besides, to the part before, or to the first ending from the second
_LOOKS = (*RECALLED, "part")
# What the model is told at each step, and how many classes each has: the token and its place; for each bar that is looked
# back to, the note that began at this place in it; what remains of the bar, and of it if a part's end is to leave room for the
# pick-up; how many notes in a row were those recalled; whether another note fits; and the tonic, once the mode is known.
INPUTS = {
    "token": len(VOCABULARY),
    "position": POSITIONS,
    "bar": BARS,
    **{f"{what}_{where}": len(VOCABULARY) for where in _LOOKS for what in ("pitch", "duration")},
    "remaining": REMAINING,
    "closing": REMAINING,
    **{f"matched_{where}": MATCHED for where in _LOOKS},
    "fits": 6,  # a note of the duration in force: unknown, no, yes, and the first, second, third from last of a triplet
    "tonic": 13,  # unknown, C … B: it tells the register, for players have the same range in every key
    "section": 6,  # between parts, in a part played once, twice, in a first ending, after it, in a second one
    "to_come": 4,  # parts: unknown, none, one, more
    "left": 10,  # bars of the part, this one included: unknown, 1 … 8, more
}


class NotEncodable(ValueError):
    """The tune holds something that the tokens have no word for; the message names it."""


def is_pitch(token: str) -> bool:
    return token == REST or token[0].isdigit() or (token[0] == "-" and len(token) > 1)


def pitch_parts(token: str) -> tuple[int, int]:
    """The degree above the tonic and the alteration of the scale in a pitch token."""
    alter = {"^": 1, "_": -1}.get(token[-1], 0)
    return int(token.rstrip("^_")), alter


def header(rhythm: str | None, metre: Metre | None, mode: Mode | None) -> list[str]:
    """The tokens that a tune begins with; what is None stays open."""
    return [
        START,
        f"R:{rhythm}" if rhythm in RHYTHMS else ANY_RHYTHM,
        f"M:{plain(metre)}" if metre else ANY_METRE,
        f"K:{mode}" if mode in MODES else ANY_MODE,
    ]


def plain(metre: Metre) -> Metre:
    """The metre that stands for all of the same bar and beat: cut time is counted as 4/4."""
    return {Metre(2, 2): Metre(4, 4), Metre(6, 4): Metre(3, 2)}.get(metre, metre)


def layout(tokens: Iterable[str]) -> list[int]:
    """How many bars each part has, a last one that is not ended included; pick-ups and second endings are not counted."""
    tracker, bars = Tracker(), []
    for token in tokens:
        tracker.advance(token)
        if token in (OPEN_REPEATED, OPEN):
            bars.append(0)
        elif bars:
            bars[-1] = tracker.bar + 1
    return bars


def tonic_class(key: Key | None) -> int:
    """The tonic as the model is told it."""
    return key.pitch_class + 1 if key else 0


def tonic(key: Key) -> Pitch:
    """Degree 0: the tonic between C4 and B4."""
    return Pitch(key.tonic[0], 4)


@dataclass(slots=True)
class Tracker:
    """Follows a token stream: where in the bar, in which bar of its part, what stood here before, and what is still open.

    All of that is input of the model, so training and composing must count alike: both count here.
    """

    tonic: int = 0  # 1 + its pitch class; 0 where it is left open
    layout: list[int] = field(default_factory=list)  # how many bars each part is to have; empty where that is left open
    section: int = 0  # as INPUTS has it
    bar_ticks: int = 0  # a full bar; 0 until the metre is known
    position: int = 0  # ticks since the bar line
    bar: int = 0  # of the part; the second ending counts from where the first began
    part: int = -1  # -1 before the first
    pick_up: int = 0  # of the current part
    duration: int = 0  # in force, in ticks
    triplet: int = 0  # notes that the open triplet still lacks
    ending: int = 0
    ending_bar: int = 0  # the bar of the part with which the endings begin
    _mode_known: bool = False
    _starts: list[int] = field(default_factory=list)  # of the parts, in bars of the tune; a pick-up lies in the bar before
    _bars: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)  # bar → position → pitch and duration
    _matched: list[int] = field(default_factory=lambda: [0] * len(_LOOKS))

    def advance(self, token: str) -> None:
        if token.startswith("M:"):
            metre = Metre.parse(token[2:]) if token != ANY_METRE else None
            self.bar_ticks = int(metre.bar * TICKS) if metre else 0
        elif token.startswith("K:"):
            self._mode_known = True
        elif token in (OPEN_REPEATED, OPEN):
            self.part += 1
            self.section = 2 if token == OPEN_REPEATED else 1
            self._starts.append(self._starts[-1] + self.bar + 1 if self._starts else 0)
            self.position = self.bar = self.pick_up = self.ending = 0
        elif token.startswith("up"):
            self.pick_up = int(token[2:])
            self.position = self.bar_ticks - self.pick_up
            self.bar = -1
        elif token == BAR:
            self.position = 0
            self.bar += 1
        elif token == FIRST:
            self.position, self.ending, self.section = 0, 1, 3
            self.bar += 1
            self.ending_bar = self.bar
        elif token == SECOND:
            self.position, self.ending, self.bar, self.section = 0, 2, self.ending_bar, 5
        elif token in (REPEAT, CLOSE):
            self.position, self.section = 0, 4 if self.section == 3 else 0
        elif token[0] == "/":
            self.duration = int(token[1:])
            self.triplet = 3 if self.duration in TRIPLETS else 0
        elif is_pitch(token):
            if self._starts:
                self._write((INDEX[token], INDEX.get(f"/{self.duration}", 0)))
            self.position += self.duration
            if self.duration in TRIPLETS:
                self.triplet = (self.triplet or 3) - 1

    def features(self) -> tuple[int, ...]:
        """What the model is told beside the token, as classes in the order of INPUTS.

        Class 0 of the bar is the pick-up. Of a recalled note: the tokens of its pitch and duration; TIE where one lasts on
        from before, PAD where nothing was written.
        """
        position, bar = min(self.position * 2 // 9, POSITIONS - 1), min(self.bar + 1, BARS - 1)
        remaining = self.bar_ticks - self.position
        counts = (_left(max(remaining, 0)), _left(remaining - self.pick_up), *self._matched, self._fits(remaining))
        tonic = self.tonic if self._mode_known else 0
        recalled = (part for note in self._recalled() for part in note)
        return position, bar, *recalled, *counts, tonic, self.section, *self._to_come()

    def _to_come(self) -> tuple[int, int]:
        if not self.layout:
            return 0, 0
        part = min(self.part, len(self.layout) - 1)
        bars = min(max(self.layout[part] - self.bar, 1), 9) if part >= 0 else 0
        return min(len(self.layout) - part, 3), bars

    def _fits(self, remaining: int) -> int:
        if self.triplet:
            return 2 + self.triplet
        claim = self.duration * 3 if self.duration in TRIPLETS else self.duration
        return 0 if not claim else 2 if claim <= remaining else 1

    def _recalled(self) -> list[tuple[int, int]]:
        """For each look back the pitch and the duration of the note that began at this place."""
        if not self._starts:
            return [(0, 0)] * len(_LOOKS)
        here = self._starts[-1] + self.bar
        before = here if self.ending == 2 else self._starts[-2] + self.bar if len(self._starts) > 1 else None
        return [self._note_in(bar) for bar in (*(here - back for back in RECALLED), before)]

    def _write(self, note: tuple[int, int]) -> None:
        for look, recalled in enumerate(self._recalled()):
            matched = min(max(self._matched[look], 1) + 1, MATCHED - 1) if recalled == note else 1
            self._matched[look] = matched if any(recalled) else 0
        self._bars.setdefault(self._starts[-1] + self.bar, {})[self.position] = note

    def _note_in(self, bar: int | None) -> tuple[int, int]:
        written = self._bars.get(bar) if bar is not None else None
        return written.get(self.position, _LASTING) if written else (0, 0)


_LASTING = INDEX[TIE], 0


def _left(ticks: int) -> int:
    """What remains of a bar as a class."""
    return ticks // 2 if 0 <= ticks // 2 < REMAINING - 1 else REMAINING - 1


def features(tokens: Iterable[str], key: Key | None = None, layout: Sequence[int] = ()) -> list[tuple[int, ...]]:
    """After each token what the model is told beside it."""
    tracker, found = Tracker(tonic_class(key), list(layout)), []
    for token in tokens:
        tracker.advance(token)
        found.append(tracker.features())
    return found


# score → tokens


def encode(score: Score) -> list[str]:
    """A whole tune as tokens; raises NotEncodable where it is not of the normal form or a bar does not add up."""
    encoder = _Encoder(score)
    for part in _with_pick_ups(_layout(score), encoder.full):
        encoder.part(part)
    return [*encoder.tokens, END]


def encode_opening(score: Score) -> list[str]:
    """The beginning of a tune as tokens that can be gone on with: its last part stays open unless the text closes it."""
    encoder = _Encoder(score)
    layout = _with_pick_ups(_layout(score), encoder.full)
    for part in layout[:-1]:
        encoder.part(part)
    last = layout[-1]
    encoder.part(last, unfinished=not score.bars[-1].ends_section)
    return encoder.tokens


def _layout(score: Score) -> list[Part]:
    try:
        return parts(score)
    except FormError as error:
        raise NotEncodable(str(error)) from None


def _with_pick_ups(layout: Sequence[Part], full: Fraction) -> list[Part]:
    """The parts with a pick-up that stands before their `|:` taken in, unless their end leaves no room for it."""
    found: list[Part] = []
    for index, part in enumerate(layout):
        before = found[-1] if found else None
        lone = before is not None and not before.repeated and len(before.body) == 1 and before.body[0].duration < full
        open_end = index == len(layout) - 1 and not part.repeated
        if before and lone and (open_end or (part.first or part.body)[-1].duration < full):
            found[-1] = replace(part, body=(*before.body, *part.body))
        else:
            found.append(part)
    return found


class _Encoder:
    def __init__(self, score: Score) -> None:
        if any(bar.free or bar.key not in (None, score.key) or bar.metre not in (None, score.metre) for bar in score.bars):
            raise NotEncodable("a change of key or metre")
        if score.metre is None or plain(score.metre) not in METRES:
            raise NotEncodable(f"the metre {score.metre or 'free'}")
        if score.key.mode not in MODES or score.key.extra:
            raise NotEncodable(f"the key {score.key}")
        self.key, self.full = score.key, score.metre.bar
        self.base = tonic(score.key).staff
        rhythm = rhythm_named(score.rhythm)
        self.tokens = header(rhythm.name if rhythm else None, score.metre, score.key.mode)
        self.duration = self.pick_up = 0

    def part(self, part: Part, *, unfinished: bool = False) -> None:
        if unfinished:
            if part.first:
                raise NotEncodable("an ending that is not closed")
            self.tokens.append(OPEN_REPEATED)
            self._bars(part.body, starts=True, unfinished=True)
            if part.body[-1].line or part.body[-1].duration == self.full:
                self.tokens.append(BAR)
            return
        self.tokens.append(OPEN_REPEATED if part.repeated else OPEN)
        self._bars(part.body, starts=True)
        if part.first:
            for token, bars, close in ((FIRST, part.first, REPEAT), (SECOND, part.second, CLOSE)):
                self.tokens.append(token)
                self._bars(bars)
                self.tokens.append(close)
        else:
            self.tokens.append(REPEAT if part.repeated else CLOSE)

    def _bars(self, bars: Sequence[Bar], *, starts: bool = False, unfinished: bool = False) -> None:
        """Bars with lines between them; the first of a part may be a pick-up, and the last short."""
        for index, bar in enumerate(bars):
            first, last = starts and index == 0, index == len(bars) - 1
            if bar.duration > self.full:
                raise NotEncodable(f"a bar of {bar.duration} in {self.full}")
            if bar.duration < self.full:
                if first and (not last or (unfinished and bar.line)):
                    self._pick_up(int(bar.duration * TICKS))
                elif first and unfinished and bar.duration * TICKS <= self.pick_up:
                    self._pick_up(self.pick_up)  # the part before had one, so this is how the next begins
                elif not last:
                    raise NotEncodable(f"a bar of {bar.duration} in {self.full}")
            self._notes(bar, bars[index + 1] if not last else None)
            if not last:
                self.tokens.append(BAR)

    def _pick_up(self, ticks: int) -> None:
        if ticks not in PICK_UPS:
            raise NotEncodable(f"a pick-up of {Fraction(ticks, TICKS)}")
        self.pick_up = ticks
        self.tokens.append(f"up{ticks}")

    def _notes(self, bar: Bar, following: Bar | None) -> None:
        triplet: list[Note] = []
        for note, after in pairwise([*bar.notes, following.notes[0] if following else None]):
            assert note is not None
            ticks = note.duration * TICKS
            if note.tuplet:
                if (note.tuplet.actual, note.tuplet.normal, note.tuplet.size) != (3, 2, 3) or ticks not in TRIPLETS:
                    raise NotEncodable("a tuplet other than a plain triplet")
                triplet.append(note)
                if len({member.duration for member in triplet}) > 1:
                    raise NotEncodable("an uneven triplet")
                triplet = [] if len(triplet) == 3 else triplet
            elif ticks not in DURATIONS or triplet:
                raise NotEncodable(f"a note of {note.duration}")
            if ticks != self.duration:
                self.duration = int(ticks)
                self.tokens.append(f"/{self.duration}")
            self.tokens.append(self._pitch(note))
            if note.tie and after and after.melody == note.melody and not note.rest:
                self.tokens.append(TIE)
        if triplet:
            raise NotEncodable("an unfinished triplet")

    def _pitch(self, note: Note) -> str:
        pitch = note.melody
        if pitch is None:
            return REST
        degree = pitch.staff - self.base
        mark = _MARKS.get(pitch.alter - self.key.signature[pitch.letter])
        if degree not in DEGREES or mark is None:
            raise NotEncodable(f"the note {pitch} in {self.key}")
        return f"{degree}{mark}"


# tokens → score


def decode(tokens: Sequence[str], key: Key, metre: Metre) -> Score:
    """The score that a stream spells in a key: `metre` is how its bars are to be written (4/4 or 2/2).

    The stream must be one that the grammar lets through; it may stop anywhere.
    """
    base = tonic(key).staff
    bars: list[Bar] = []
    current = Bar()
    notes: list[Note] = []
    tracker = Tracker()
    for token in tokens:
        tracker.advance(token)
        if is_pitch(token):
            notes.append(_note(token, tracker, key, base))
        elif token == TIE:
            notes[-1] = replace(notes[-1], tie=True)
        elif token in (BAR, REPEAT, CLOSE, FIRST, SECOND, END, OPEN, OPEN_REPEATED):
            if notes:
                line = "||" if token == CLOSE else "|"
                bars.append(replace(current, notes=tuple(notes), repeat_end=int(token == REPEAT), line=line))
                notes, current = [], Bar()
            if token == OPEN_REPEATED:
                current = replace(current, repeat_start=True)
            elif token in (FIRST, SECOND):
                current = replace(current, endings=(int(token[1]),))
    if notes:
        bars.append(replace(current, notes=tuple(notes)))
    if bars and tokens[-1] == END:
        bars[-1] = replace(bars[-1], line="|]")
    rhythm = next((token[2:] for token in tokens if token.startswith("R:") and token != ANY_RHYTHM), "")
    return Score(bars=tuple(bars), key=key, metre=metre, rhythm=rhythm)


def _note(token: str, tracker: Tracker, key: Key, base: int) -> Note:
    duration = Fraction(tracker.duration, TICKS)
    tuplet = Tuplet(3, 2, 2 - tracker.triplet, 3) if tracker.duration in TRIPLETS else None
    if token == REST:
        return Note((), duration, tuplet=tuplet)
    degree, alter = pitch_parts(token)
    letter = LETTERS[(base + degree) % 7]
    return Note((Pitch.at(base + degree, key.signature[letter] + alter),), duration, tuplet=tuplet)
