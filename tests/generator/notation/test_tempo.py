"""The tempo of a tune when a request asks for another."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.notation.reader import read
from generator.notation.structure import play_order
from generator.notation.tempo import MAX_PLAYING_S, at_relative_tempo, playing_time_s, tempo
from generator.notation.writer import write
from generator.play_mode import score_to_play
from generator.request import TuneRequest

REEL = "X:1\nR:reel\nM:4/4\nL:1/8\nK:D\n|:DFAd fdAF|GABG A4:|\n"


@pytest.mark.parametrize(("factor", "beats_per_minute"), [(0.75, 78), (1.2, 125), (1.5, 156)])
def test_the_usual_tempo_is_multiplied_and_written(factor: float, beats_per_minute: int) -> None:
    score = at_relative_tempo(read(REEL), factor)
    assert tempo(score) == (Fraction(1, 2), beats_per_minute)
    assert f"Q:1/2={beats_per_minute}" in write(score)


def test_the_tempo_that_a_tune_states_is_multiplied() -> None:
    played = score_to_play(TuneRequest.check(seed=1, opening=REEL.replace("K:D", "Q:1/4=100\nK:D"), mode="play", tempo=0.8))
    assert tempo(played) == (Fraction(1, 4), 80)


def test_factor_one_changes_nothing() -> None:
    assert at_relative_tempo(read(REEL), 1) == read(REEL)
    assert score_to_play(TuneRequest.check(seed=1, opening=REEL, mode="play")).tempo is None


def test_a_long_tune_is_slowed_only_within_the_longest_playing_time() -> None:
    score = read("X:1\nR:air\nM:3/4\nL:1/4\nK:D\n" + "DFA|" * 70)
    order = play_order(score.bars, score.order)
    assert playing_time_s(score, order) / 0.5 > MAX_PLAYING_S
    slowed = at_relative_tempo(score, 0.5)
    assert playing_time_s(score, order) < playing_time_s(slowed, order) <= MAX_PLAYING_S
