"""Groove: swing and lilt."""

import pytest

from generator.notation.reader import read
from generator.rendering.performance.groove import Groove
from generator.rendering.performance.melody import perform
from generator.rendering.performance.played_bars import played_bars


def played_onsets(body: str, *, rhythm: str, metre: str) -> list[float]:
    """The played onsets of a tune's notes, in quavers."""
    score = read(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\n{body}\n")
    bars = played_bars(score)
    sounds = perform(score, bars)
    groove = Groove(score, bars, sounds)
    return [round(groove(sound.onset) * 8, 2) for sound in sounds]


def test_a_hornpipe_s_quavers_swing() -> None:
    assert played_onsets("defd BAFA|", rhythm="hornpipe", metre="4/4") == [0, 1.22, 2, 3.22, 4, 5.22, 6, 7.22]


def test_a_dotted_hornpipe_is_played_less_dotted_than_written() -> None:
    assert played_onsets("d>e f>d|", rhythm="hornpipe", metre="4/4") == [0, 1.38, 2, 3.38]


def test_triplets_are_played_evenly() -> None:
    assert played_onsets("(3def d2|", rhythm="hornpipe", metre="4/4") == [0, 0.67, 1.33, 2]


def test_a_jig_has_a_lilt_of_long_short_medium() -> None:
    first, second, third, *rest = played_onsets("def def|", rhythm="jig", metre="6/8")
    assert second - first > rest[0] - third > third - second
    assert rest == [3, 4.08, 5.03]


@pytest.mark.parametrize(
    ("rhythm", "metre"), [("polka", "2/4"), ("waltz", "3/4"), ("air", "4/4"), ("jig", "4/4"), ("hornpipe", "6/8")]
)
def test_other_rhythms_and_unusual_metres_are_played_evenly(rhythm: str, metre: str) -> None:
    assert played_onsets("defd|", rhythm=rhythm, metre=metre) == [0, 1, 2, 3]


def test_a_pick_up_swings_as_the_end_of_a_bar() -> None:
    assert played_onsets("fg|d8|", rhythm="hornpipe", metre="4/4") == [0, 1.22, 2]


def test_beats_do_not_move() -> None:
    score = read("X:1\nR:jig\nM:6/8\nK:D\n" + "def gfe|" * 8 + "\n")
    groove = Groove(score, played_bars(score), [])
    assert [groove(beat * 3 / 8) for beat in range(16)] == [beat * 3 / 8 for beat in range(16)]
