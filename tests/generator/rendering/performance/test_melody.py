"""The melody in strict time: which notes sound, when and how fast."""

from fractions import Fraction

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.tempo import playing_time_s, quarters_per_minute, tempo
from generator.rendering.performance.melody import VELOCITIES, Sound, separated
from generator.rendering.performance.melody import perform as perform_bars
from generator.rendering.performance.played_bars import played_bars


def _tune(body: str, *, rhythm: str = "reel", metre: str = "4/4", key: str = "C", more: str = "") -> str:
    return f"X:1\nT:t\nR:{rhythm}\nM:{metre}\nL:1/8\n{more}K:{key}\n{body}\n"


def perform(score: Score) -> list[Sound]:
    return [separated(sound) for sound in perform_bars(score, played_bars(score))]


@pytest.mark.parametrize(
    ("rhythm", "metre", "quarters"),
    [
        ("reel", "4/4", 208),
        ("reel", "2/4", 104),  # written in notes half as long
        ("hornpipe", "4/4", 152),
        ("hornpipe", "2/4", 76),
        ("jig", "6/8", 168),
        ("jig", "12/8", 168),
        ("slide", "6/8", 189),
        ("march", "6/8", 162),
        ("march", "2/4", 108),
        ("air", "6/8", 72),
        ("", "3/4", 132),
        ("gavotte", "5/4", 100),
    ],
)
def test_a_rhythm_has_the_same_speed_in_every_metre(rhythm: str, metre: str, quarters: float) -> None:
    assert quarters_per_minute(read(_tune("C8|", rhythm=rhythm, metre=metre))) == quarters


def test_a_written_tempo_has_precedence_over_the_rhythm_s() -> None:
    assert tempo(read(_tune("C8|", more="Q:1/4=90\n"))) == (Fraction(1, 4), 90)


def test_playing_time_counts_repeats() -> None:
    score = read(_tune("C8:|", more="Q:1/4=120\n"))
    assert playing_time_s(score, [0]) == 2
    assert playing_time_s(score, [0, 0]) == 4


def test_tied_notes_are_one_sound_even_across_a_bar_line() -> None:
    sounds = perform(read(_tune("C4 G4-|G8|")))
    assert [sound.pitch for sound in sounds] == [60, 67]
    assert sounds[1].duration == pytest.approx(Fraction(3, 2), abs=0.02)


def test_parts_are_played_in_the_order_of_the_header_with_their_repeats() -> None:
    body = "P:A\nC8||\nP:B\nG8:|"
    sounds = perform(read(_tune(body, more="P:ABA\n")))
    assert [sound.pitch for sound in sounds] == [60, 67, 67, 60]
    assert [sound.onset for sound in sounds] == [0, 1, 2, 3]
    assert [sound.pitch for sound in perform(read(_tune(body)))] == [60, 67, 67]


def test_a_tie_to_another_pitch_is_ignored() -> None:
    assert [sound.pitch for sound in perform(read(_tune("C4-D4|")))] == [60, 62]


def test_repeated_notes_are_separated_by_a_short_silence() -> None:
    first, second = perform(read(_tune("C4C4|")))
    assert first.onset + first.duration < second.onset


def test_grace_notes_shorten_the_note_that_they_adorn() -> None:
    sounds = perform(read(_tune("C4 {dc}A2 B2|")))
    assert [sound.pitch for sound in sounds] == [60, 74, 72, 69, 71]
    assert sounds[1].onset == Fraction(1, 2)
    assert Fraction(1, 2) < sounds[3].onset <= Fraction(5, 8)
    assert sounds[4].onset == Fraction(3, 4)


def test_beats_are_louder_and_a_pick_up_is_not_on_the_beat() -> None:
    sounds = perform(read(_tune("D|GABc dcBA|", metre="4/4")))
    names = {value: name for name, value in VELOCITIES.items()}
    assert [names[sound.velocity] for sound in sounds[:5]] == ["within", "bar", "within", "beat", "within"]
