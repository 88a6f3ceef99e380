"""Hostile scores are refused with a message, before anything is synthesised."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.opening import read_opening
from generator.notation.reader import read
from generator.notation.score import Bar, Note, Pitch, Score
from generator.notation.staff import Staff
from generator.notation.tempo import MAX_PLAYING_S
from generator.rendering import render as rendering
from generator.rendering.audio.mastering import RATE
from generator.rendering.limits import MAX_MIDI, check, check_midi
from generator.rendering.render import RenderingError, render
from generator.rendering.renderer_process import FILE_SIZE
from generator.request import RequestError, TuneRequest
from tests.calls import few_calls
from tests.generator.rendering.hostile_abc import HOSTILE as HOSTILE_TEXTS

C4 = (Pitch("C", 4),)
CROTCHET = Note(C4, Fraction(1, 4))
BAR = Bar((CROTCHET,) * 4)
COMMON = Metre(4, 4)


def _score(*bars: Bar, tempo: tuple[Fraction, int] | None = (Fraction(1, 4), 240)) -> Score:
    return Score(bars, Key("C"), COMMON, tempo=tempo)


HOSTILE = {
    "a note that lasts for hours": (_score(Bar((Note(C4, Fraction(9_999)),))), "longer than 64/4"),
    "notes that last for hours": (_score(*[Bar((Note(C4, Fraction(16)),))] * 190), "51 minutes"),
    "thousands of bars": (_score(*[BAR] * 5_000), "5,000 bars"),
    "thousands of notes": (_score(*[Bar((Note(C4, Fraction(1, 256)),) * 50)] * 100), "5,000 notes"),
    "thousands of graces": (_score(*[Bar((Note(C4, Fraction(1, 4), grace=C4 * 8),) * 20)] * 20), "3,600 notes"),
    "hundreds of notes in a bar": (_score(Bar((Note(C4, Fraction(1, 256)),) * 300)), "Add bar lines"),
    "a bar of hours": (_score(Bar((CROTCHET,) * 65)), "longer than 64/4"),
    "a sound below hearing": (replace(_score(BAR), staff=Staff(transposition=-48)), "out of range"),
    "a metre of hours": (replace(_score(BAR), metre=Metre(99, 8)), "longer than 64/8"),
    "a metre of hours later on": (_score(BAR, replace(BAR, metre=Metre(99, 8))), "longer than 64/8"),
    "chords that are repeated many times": (
        _score(*[Bar((Note(C4 * 8, Fraction(1, 64)),) * 30)] * 10, Bar((CROTCHET,), repeat_end=5)),
        "14,406 notes with its repeats",
    ),
    "too long because of its repeats": (_score(*[BAR] * 100, Bar((CROTCHET,), repeat_end=1)), "Shorten it"),
    "a part repeated a million times": (_score(Bar((CROTCHET,), repeat_end=1_000_000)), "more than 8 times"),
    "an ending for the thousandth time": (_score(BAR, Bar((CROTCHET,), endings=(1_000,))), "more than 8 times"),
    "a tempo of one": (_score(BAR, tempo=(Fraction(1, 256), 1)), "tempo"),
    "a tempo of nothing": (_score(BAR, tempo=(Fraction(1, 4), 0)), "tempo"),
    "a tempo of a million": (_score(BAR, tempo=(Fraction(1), 999_999)), "tempo"),
    "no bars": (_score(), "no notes"),
    "rests alone": (_score(Bar((Note((), Fraction(1)),))), "no notes"),
    "a chord of a hundred notes": (_score(Bar((Note(C4 * 100, Fraction(1)),))), "chord"),
    "slurs without end": (_score(Bar((Note(C4, Fraction(1), slurs_open=1_500),))), "slurs"),
    "an extremely high note": (_score(Bar((Note((Pitch("C", 40),), Fraction(1)),))), "C40"),
    "a note below the piano": (_score(Bar((Note((Pitch("C", -3),), Fraction(1)),))), "C-3"),
    "a note of no length": (_score(Bar((Note(C4, Fraction(0)),))), "shorter"),
    "an extremely short note": (_score(Bar((Note(C4, Fraction(1, 100_000)),))), "shorter"),
    "a seventeenth": (_score(Bar((Note(C4, Fraction(3, 17)),))), "No note value lasts"),
}


@pytest.fixture
def _no_synthesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def reached(*_: object) -> None:
        raise AssertionError("a hostile score reached the synthesiser")

    monkeypatch.setattr(rendering, "synthesise", reached)
    yield


@pytest.mark.usefixtures("_no_synthesis")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_score_is_refused_after_little_work_with_a_short_message(name: str) -> None:
    score, message = HOSTILE[name]
    with pytest.raises(RenderingError, match=message) as caught, few_calls():
        render(score)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 200


def test_empty_bars_with_many_repeats_are_refused() -> None:
    empty = [Bar()] * 190
    with pytest.raises(RenderingError, match="Shorten it"):
        check(_score(Bar((CROTCHET,)), *empty, Bar(repeat_end=6)))


def test_each_repeat_of_a_part_counts_towards_the_playing_time() -> None:
    tune = _score(Bar((CROTCHET,) * 4, part="A"), BAR, BAR)  # three seconds
    check(replace(tune, order="A" * 60))
    with pytest.raises(RenderingError, match="183 s"):
        check(replace(tune, order="A" * 61))


def test_a_tune_of_exactly_the_maximum_playing_time_is_accepted() -> None:
    check(_score(*[BAR] * MAX_PLAYING_S))  # a bar of four beats at 240 lasts a second
    with pytest.raises(RenderingError, match="181 s"):
        check(_score(*[BAR] * (MAX_PLAYING_S + 1)))


def test_a_tune_with_only_rests_in_its_played_parts_is_refused() -> None:
    with pytest.raises(RenderingError, match="no notes to play"):
        check(read("X:1\nP:A\nM:4/4\nL:1/8\nK:D\nP:A\nz8|z8||\nP:B\nABcd efga|]\n"))


def test_the_longest_accepted_recording_fits_into_the_file_size_limit() -> None:
    assert (MAX_PLAYING_S + 20) * RATE * 2 * 4 < FILE_SIZE  # of 32-bit samples


def test_an_arrangement_with_too_many_notes_is_refused_before_it_is_synthesised(monkeypatch: pytest.MonkeyPatch) -> None:
    check_midi(bytes(MAX_MIDI))
    monkeypatch.setattr(rendering, "to_midi", lambda *_, **__: bytes(MAX_MIDI + 1))
    with pytest.raises(RenderingError, match="too many notes"):
        render(_score(BAR))


# Attacks in parts of the ABC that the reader can leave out: a tune remains.
HARMLESS = {
    "a tempo of nothing", "a tempo of a billion", "a program", "PostScript", "an included file", "a huge scale", "a MIDI program",
    "exploding parts", "deep tuplets", "changes at every note", "a symbol that is markup", "a title without end",
    "a title of other scripts", "a path for a title", "a key of nonsense", "a key of accidentals", "pipes' key", "voices",
    "a hundred voices", "a syllable without end", "words without end",
    "overlays", "two tunes", "macros", "words under the notes", "what verovio dies of", "decorations without end",
    "a title that is markup",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_hostile_abc_is_refused_with_a_message_or_becomes_a_short_tune_after_little_work(name: str) -> None:
    try:
        with few_calls():
            request = TuneRequest.check(opening=HOSTILE_TEXTS[name], mode="play")
            score = read_opening(request.opening, mode="play")
            check(score)
    except (RequestError, RenderingError) as error:
        assert name not in HARMLESS and str(error).endswith(".") and len(str(error)) < 200
    else:
        assert name in HARMLESS
        assert len(score.bars) <= 20 and sum(1 for _ in score.notes()) <= 240
