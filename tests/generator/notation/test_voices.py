"""Further voices: what belongs to them, how they fit the first, and what is left out."""

from __future__ import annotations

import pytest

from generator.notation.keys import Key
from generator.notation.opening import read_opening
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.staff import Staff
from generator.notation.transpose import transpose
from generator.notation.voices import MAX_VOICES
from generator.notation.writer import write

HEADER = "X:1\nM:2/4\nL:1/8\nK:D\n"
DUET = (
    HEADER
    + "V:1\n|:D2F2|A4|1 d4:|2 f4|]\nw: one two three four five\nV:low clef=bass octave=-1\n|:D4|F4|1 D4:|2 D4|]\nw: la la\n"
)


def letters(score: Score) -> list[str]:
    """The melody of each voice, with a dot between the bars."""
    return [
        ".".join("".join(str(note.melody) if note.melody else "z" for note in bar.notes) for bar in voice.bars)
        for voice in score.by_voice()
    ]


def test_each_voice_has_its_notes_words_and_staff_and_the_signs_of_the_first() -> None:
    score = read(DUET, all_voices=True)
    assert letters(score) == ["D4F#4.A4.D5.F#5", "D3.F#3.D3.D3"]
    (low,) = score.voices
    assert (low.name, low.staff, score.staff) == ("low", Staff("bass"), Staff())
    assert [bar.endings for bar in low.bars] == [(), (), (1,), (2,)]
    assert [[note.lyrics for note in bar.notes] for bar in low.bars] == [[("la",)], [("la",)], [()], [()]]
    assert score.notices == ()
    assert read(write(score), all_voices=True) == score


def test_voices_may_alternate_and_fields_belong_to_the_voice_that_they_follow() -> None:
    score = read(
        "X:1\nV:1\nV:2 clef=bass\nK:D\nM:2/4\nL:1/8\n[V:1]D2F2|\n[V:2]D,4|\nL:1/4\nK:C\n[V:1]A4|\n[V:2]F,2|\n", all_voices=True
    )
    assert letters(score) == ["D4F#4.A4", "D3.F3"]
    assert score.bars[1].key is None


def test_a_voice_that_ends_early_rests() -> None:
    assert letters(read(HEADER + "V:1\nD4|F4|A4|\nV:2\nD4|\n", all_voices=True)) == ["D4.F#4.A4", "D4.z.z"]


@pytest.mark.parametrize(
    ("voice", "reason"),
    [
        ("D4|F3|", "I left out the voice “2”: Bar 2 is not as long as in the first voice."),
        ("D4|F4|A4|", "I left out the voice “2”: Bar 3 is not as long as in the first voice."),
        ("D4| ]F4|", "I left out the voice “2”: Line 8, column 5: I can't read “]” here."),
    ],
)
def test_a_voice_that_does_not_fit_or_cannot_be_read_is_left_out(voice: str, reason: str) -> None:
    score = read(f"{HEADER}V:1\nD4|F4|\nV:2\n{voice}\n", all_voices=True)
    assert (letters(score), score.notices) == (["D4.F#4"], (reason,))


def test_a_voice_that_is_only_named_is_no_voice() -> None:
    assert read("X:1\nV:1\nV:2\nK:D\nV:1\nD|", all_voices=True).voices == ()


def test_there_is_a_limit_of_voices() -> None:
    score = read(HEADER + "".join(f"V:{number}\nD4|\n" for number in range(MAX_VOICES + 2)), all_voices=True)
    assert len(score.by_voice()) == MAX_VOICES
    assert score.notices == (f"I read at most {MAX_VOICES} voices.",)


def test_all_voices_are_played_but_only_the_first_is_continued() -> None:
    assert len(read_opening(DUET, mode="play").voices) == 1
    assert read_opening(DUET.replace("M:2/4\n", ""), mode="play").voices[0].bars[0].duration == 0.5
    assert read_opening(DUET.partition("\nV:low")[0] + "\nV:2\n").voices == ()


def test_all_voices_are_transposed() -> None:
    assert letters(transpose(read(DUET, all_voices=True), Key("E"))) == ["E4G#4.B4.E5.G#5", "E3.G#3.E3.E3"]
