"""The tokens that the model reads and writes, and the conversion between scores and tokens.

A tune is a header (`R:reel M:4/4 K:dorian`), parts, and `<end>`. A part opens with `|:` (played twice) or `[|` (played once).
The length of its pick-up may follow. It closes with `:|`, with endings `[1 … :| [2 … ||`, or with `||`. A duration applies
until the next one. A pitch is a scale degree above the tonic, so a tune has the same tokens in all keys of a mode:

    >>> from generator.notation.reader import read
    >>> " ".join(encode(read("R:jig\\nM:6/8\\nK:D\\n|:DFA d2f|^g3 d3:|")))
    '<start> R:jig M:6/8 K:major |: /24 0 2 4 /48 7 /24 9 | /72 10^ 7 :| <end>'

Durations are in ticks, 192 to a whole note. Ornaments, grace notes and the lower notes of chords are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from generator.notation.keys import LETTERS, Key, Mode
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.score import Bar, Note, Pitch, Score, Tuplet
from generator.notation.structure import FormError, Part, parts
from generator.user_messages import UserMessage

TICKS = 192  # in a whole note: the smallest number that 1/32 notes and triplets of 1/16 notes divide

PAD, START, END = "<pad>", "<start>", "<end>"
OPEN_REPEATED, OPEN, BAR, REPEAT, CLOSE = "|:", "[|", "|", ":|", "||"
FIRST, SECOND, TIE, REST = "[1", "[2", "-", "z"
ANY_RHYTHM, ANY_METRE, ANY_MODE = "R:?", "M:?", "K:?"

MODES = (Mode.MAJOR, Mode.MINOR, Mode.DORIAN, Mode.MIXOLYDIAN)
METRES = tuple(Metre(*pair) for pair in ((2, 4), (3, 4), (4, 4), (3, 8), (6, 8), (9, 8), (12, 8), (3, 2)))
DURATIONS = (6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192)
TRIPLETS = (8, 16, 32)  # of one note in a triplet
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
ON_TONIC, ELSEWHERE = 1, 2  # results of cadence_class


class NotEncodable(ValueError):
    """There are no tokens for something in the tune; `what` names it."""

    def __init__(self, what: UserMessage) -> None:
        self.what = what
        super().__init__(what)


def is_pitch(token: str) -> bool:
    """Whether the token is a note of the melody or a rest."""
    return token == REST or token[0].isdigit() or (token[0] == "-" and len(token) > 1)


def is_melody(token: str) -> bool:
    """Whether the token is a note of the melody."""
    return token not in (PAD, START, END, REST) and is_pitch(token)


def pitch_parts(token: str) -> tuple[int, int]:
    """The degree above the tonic and the alteration (-1, 0 or 1) of a melody token."""
    alter = {"^": 1, "_": -1}.get(token[-1], 0)
    return int(token.rstrip("^_")), alter


def header_tokens(rhythm: str | None, metre: Metre | None, mode: Mode | None) -> list[str]:
    """The tokens that a tune begins with; None stands for any rhythm, metre or mode."""
    return [
        START,
        f"R:{rhythm}" if rhythm in RHYTHMS else ANY_RHYTHM,
        f"M:{token_metre(metre)}" if metre else ANY_METRE,
        f"K:{mode}" if mode in MODES else ANY_MODE,
    ]


def token_metre(metre: Metre) -> Metre:
    """The metre whose token this one shares: 4/4 for 2/2, 3/2 for 6/4."""
    return {Metre(2, 2): Metre(4, 4), Metre(6, 4): Metre(3, 2)}.get(metre, metre)


def bars_per_part(tokens: Iterable[str]) -> list[int]:
    """The number of bars in each part, without pick-ups and second endings; the last part may be unfinished."""
    bars: list[int] = []
    endings = 0
    for token in tokens:
        if token in (OPEN_REPEATED, OPEN):
            bars.append(1)
        elif token.startswith("up"):
            bars[-1] -= 1
        elif token == FIRST:
            endings = bars[-1]
            bars[-1] += 1
        elif token == SECOND:
            bars[-1] = endings + 1
        elif token == BAR:
            bars[-1] += 1
    return bars


def cadence_class(tokens: Sequence[str]) -> int:
    """Whether the last note is the tonic: ON_TONIC or ELSEWHERE."""
    last = next((token for token in reversed(tokens) if is_melody(token)), None)
    return ON_TONIC if last and pitch_parts(last)[0] % 7 == 0 and last[-1] not in "^_" else ELSEWHERE


def tonic_pitch(key: Key) -> Pitch:
    """The pitch of degree 0: the tonic from C4 to B4, without its accidental."""
    return Pitch(key.tonic[0], 4)


# score → tokens


def encode(score: Score) -> list[str]:
    """The tokens of a whole tune. Raises NotEncodable if there are none for something in it, or a bar has the wrong length."""
    encoder = _Encoder(score)
    for part in _with_pick_ups(_parts(score), encoder.full):
        encoder.part(part)
    return [*encoder.tokens, END]


def encode_opening(score: Score) -> list[str]:
    """The tokens of the beginning of a tune, which can be continued: the last part stays open unless the score closes it."""
    encoder = _Encoder(score)
    *complete, last = _with_pick_ups(_parts(score), encoder.full)
    for part in complete:
        encoder.part(part)
    encoder.part(last, unfinished=not score.bars[-1].ends_section)
    return encoder.tokens


def _parts(score: Score) -> list[Part]:
    try:
        return parts(score)
    except FormError as error:
        raise NotEncodable(error.what) from None


def _with_pick_ups(tune_parts: Sequence[Part], full: Fraction) -> list[Part]:
    """The parts, with a pick-up before a `|:` moved into the part that follows, unless its last bar leaves no room for it."""
    found: list[Part] = []
    for index, part in enumerate(tune_parts):
        before = found[-1] if found else None
        lone = before is not None and not before.repeated and len(before.body) == 1 and before.body[0].duration < full
        open_end = index == len(tune_parts) - 1 and not part.repeated
        if before and lone and (open_end or (part.first or part.body)[-1].duration < full):
            found[-1] = replace(part, body=(*before.body, *part.body))
        else:
            found.append(part)
    return found


class _Encoder:
    """Collects the tokens of a score, starting with its header."""

    def __init__(self, score: Score) -> None:
        if any(bar.free or bar.key not in (None, score.key) or bar.metre not in (None, score.metre) for bar in score.bars):
            raise NotEncodable(UserMessage("a change of key or metre"))
        if score.metre is None or token_metre(score.metre) not in METRES:
            raise NotEncodable(
                UserMessage("the metre {metre}", metre=str(score.metre)) if score.metre else UserMessage("a free metre")
            )
        if score.key.mode not in MODES or score.key.extra:
            raise NotEncodable(UserMessage("the key {key}", key=score.key.name))
        self.key, self.full = score.key, score.metre.bar
        self.base = tonic_pitch(score.key).staff
        rhythm = rhythm_named(score.rhythm)
        self.tokens = header_tokens(rhythm.name if rhythm else None, score.metre, score.key.mode)
        self.duration = self.pick_up = 0

    def part(self, part: Part, *, unfinished: bool = False) -> None:
        """Adds a part; an unfinished one gets no closing token."""
        if unfinished:
            if part.first:
                raise NotEncodable(UserMessage("an ending that is not closed"))
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
        """Adds bars with bar lines between them; with `starts`, the first may be a pick-up. The last may be short."""
        for index, bar in enumerate(bars):
            first, last = starts and index == 0, index == len(bars) - 1
            if bar.duration > self.full:
                raise NotEncodable(UserMessage("a bar of {has} instead of {needs}", has=bar.duration, needs=self.full))
            if bar.duration < self.full:
                if first and (not last or (unfinished and bar.line)):
                    self._pick_up(int(bar.duration * TICKS))
                elif first and unfinished and bar.duration * TICKS <= self.pick_up:
                    self._pick_up(self.pick_up)  # as in the part before, so this short bar is a pick-up too
                elif not last:
                    raise NotEncodable(UserMessage("a bar of {has} instead of {needs}", has=bar.duration, needs=self.full))
            self._notes(bar, bars[index + 1] if not last else None)
            if not last:
                self.tokens.append(BAR)

    def _pick_up(self, ticks: int) -> None:
        if ticks not in PICK_UPS:
            raise NotEncodable(UserMessage("a pick-up of {length}", length=Fraction(ticks, TICKS)))
        self.pick_up = ticks
        self.tokens.append(f"up{ticks}")

    def _notes(self, bar: Bar, following: Bar | None) -> None:
        triplet: list[Note] = []
        for note, after in pairwise([*bar.notes, following.notes[0] if following else None]):
            assert note is not None
            ticks = note.duration * TICKS
            if note.tuplet:
                if (note.tuplet.actual, note.tuplet.normal, note.tuplet.size) != (3, 2, 3) or ticks not in TRIPLETS:
                    raise NotEncodable(UserMessage("a tuplet other than a plain triplet"))
                triplet.append(note)
                if len({member.duration for member in triplet}) > 1:
                    raise NotEncodable(UserMessage("an uneven triplet"))
                triplet = [] if len(triplet) == 3 else triplet
            elif ticks not in DURATIONS or triplet:
                raise NotEncodable(UserMessage("a note of {length}", length=note.duration))
            if ticks != self.duration:
                self.duration = int(ticks)
                self.tokens.append(f"/{self.duration}")
            self.tokens.append(self._pitch(note))
            if note.tie and after and after.melody == note.melody and not note.rest:
                self.tokens.append(TIE)
        if triplet:
            raise NotEncodable(UserMessage("an unfinished triplet"))

    def _pitch(self, note: Note) -> str:
        pitch = note.melody
        if pitch is None:
            return REST
        degree = pitch.staff - self.base
        mark = _MARKS.get(pitch.alter - self.key.signature[pitch.letter])
        if degree not in DEGREES or mark is None:
            raise NotEncodable(UserMessage("the note {note} in {key}", note=str(pitch), key=self.key.name))
        return f"{degree}{mark}"


# tokens → score


def decode(tokens: Sequence[str], key: Key, metre: Metre) -> Score:
    """The score of tokens, in a key; `metre` says how to write the bars (4/4 or 2/2, for example).

    The grammar must allow the tokens; they may end anywhere.
    """
    base = tonic_pitch(key).staff
    bars: list[Bar] = []
    current = Bar()
    notes: list[Note] = []
    duration = 0  # in ticks
    triplet = 0  # number of the note in its triplet, 1 to 3; 0 outside
    for token in tokens:
        if token[0] == "/":
            duration, triplet = int(token[1:]), 0
        elif is_pitch(token):
            triplet = triplet % 3 + 1 if duration in TRIPLETS else 0
            notes.append(_note(token, duration, triplet, key, base))
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


@lru_cache(maxsize=4096)  # a tune has few different notes
def _note(token: str, ticks: int, triplet: int, key: Key, base: int) -> Note:
    """The note of a pitch token; `triplet` is its number in a triplet, 0 outside."""
    duration = Fraction(ticks, TICKS)
    tuplet = Tuplet(3, 2, triplet - 1, 3) if triplet else None
    if token == REST:
        return Note((), duration, tuplet=tuplet)
    degree, alter = pitch_parts(token)
    letter = LETTERS[(base + degree) % 7]
    return Note((Pitch.at(base + degree, key.signature[letter] + alter),), duration, tuplet=tuplet)
