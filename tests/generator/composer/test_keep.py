"""Bars of a tune are kept, and all others are composed anew."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from generator.composer.batch import Batch
from generator.composer.composer import Composer
from generator.composer.plan import make_plan
from generator.composer.returns import ALL
from generator.notation import tokens as t
from generator.notation.reader import read
from generator.notation.score import Bar, Pitch, Score
from generator.notation.structure import illegal_bars
from generator.notation.writer import write
from generator.request import TuneRequest
from tests.generator.composer.examples import OTHERS, abc

TUNES = [
    "M:6/8\nL:1/8\nK:D\nA|:~D2A {g}d3-|d3 (f2a)|gfe ded|c2A A2:|\n|:d|f3 a3|g2e efg|(f2d cde|d3) d2:|",
    "M:4/4\nL:1/8\nK:Ador\n|:A>BA>F [DF]2 \"Am\"(3ABc|d2ef gfed|1 cABG A4:|2 cABG A2ef||\n|:g2ga gede|cABG A2ef|gage dBGB|A8:|",
    "M:3/4\nL:1/8\nK:G\nDE|G4 A2|B4 c2-|c2 B2 A2|G4||DE|G3 A B2|d4-d2|-d2 B2 A2|G4|]",
    "R:slip jig\nM:9/8\nL:1/8\nK:G\n|:GAB z3 d2e|BAB G2A B2G|A2B A3 E2D:|\nBcd e3 g2e|d2B BAB G3|A2B cBA B2A|E2D D6",
]  # fmt: skip


def notes(bar: Bar) -> list[tuple[tuple[Pitch, ...], Fraction, tuple[str, ...], tuple[Pitch, ...], str | None]]:
    return [(note.pitches, note.duration, note.decorations, note.grace, note.chord_symbol) for note in bar.notes]


def signs(score: Score) -> list[tuple[bool, int, tuple[int, ...], Fraction]]:
    return [(bar.repeat_start, bar.repeat_end, bar.endings, bar.duration) for bar in score.bars]


def chosen(bars: int, seed: int) -> str:
    """Some bars: a run in the beginning, the middle or the end, or here and there."""
    rng = random.Random(seed)
    first = rng.choice([1, bars // 2, bars - 2])
    found = rng.sample(range(1, bars + 1), bars // 3) if seed % 3 == 0 else range(first, min(first + 3, bars + 1))
    return " ".join(map(str, found))


@pytest.mark.parametrize("seed", range(24))
def test_kept_bars_stay_note_for_note_and_the_others_are_new(composer: Composer, seed: int) -> None:
    """The model is untrained, so only the grammar and the script make the tune."""
    opening = TUNES[seed % 4] if seed < 12 else abc(composer.compose([replace(OTHERS[seed % 5], seed=seed)])[0])
    before = read(opening)
    request = TuneRequest.check(opening=opening, mode="vary", keep=chosen(len(before.bars), seed), seed=seed)
    composed = composer.compose([request])[0]
    after = read(abc(composed))
    # A pick-up that stands before the repeat sign is written behind it.
    assert [each[1:] for each in signs(after)] == [each[1:] for each in signs(read(write(request.read_opening())))]
    assert [bar.duration for bar in after.bars] == [bar.duration for bar in before.bars]
    assert (after.key, after.metre) == (before.key, before.metre)
    assert illegal_bars(after) == []
    for number, (was, now) in enumerate(zip(before.bars, after.bars, strict=True), 1):
        if number in request.kept_bars:
            assert notes(now) == notes(was)
            followed = number + 1 in request.kept_bars
            assert now.notes[-1].tie == (was.notes[-1].tie and followed) or not was.notes[-1].tie
    others = [(notes(was), notes(now)) for number, (was, now) in enumerate(zip(before.bars, after.bars, strict=True), 1)
              if number not in request.kept_bars]  # fmt: skip
    assert sum(was != now for was, now in others) > len(others) / 2
    again = composer.compose([request])[0]
    assert abc(again) == abc(composed)


def test_the_model_sees_a_kept_bar_ahead() -> None:
    tune = "M:6/8\nL:1/8\nK:D\n|:" + "|".join(f"{note}3 {note}3" for note in "DEFGABcd") + ":|"
    made = make_plan(TuneRequest.check(opening=tune, mode="vary", keep="3 8", seed=1))
    assert made.given.keys() == {2, 7}
    batch = Batch(1)
    batch.begin(0, made, 0)
    planned = batch.grammar.features.arrays.returns[0, 1:9]
    assert planned[[2, 7], :2].tolist() == [[ALL, 2], [ALL, 7]]
    notes = batch.grammar.features.arrays.notes[0]
    written = batch.grammar.features.arrays.written[0]
    assert written.sum() == 2
    assert [t.VOCABULARY[token] for token in notes[written][:, 0, 0]] == ["2", "7"]


@pytest.mark.parametrize("last", ["d6", "e6"])
def test_a_last_bar_that_is_kept_gives_the_cadence(last: str) -> None:
    tune = f"M:6/8\nL:1/8\nK:D\n|:{'DFA dfa|' * 7}{last}:|"
    kept = make_plan(TuneRequest.check(opening=tune, mode="vary", keep="8", seed=1))
    assert kept.cadence == (t.ON_TONIC if last == "d6" else t.ELSEWHERE)
    assert make_plan(TuneRequest.check(opening=tune, mode="vary", keep="1-7", seed=1)).cadence == 0
