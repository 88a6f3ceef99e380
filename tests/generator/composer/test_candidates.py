"""The choice among candidates: never a copy of a known tune, and it depends on the candidates only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from generator.composer.batch import DONE, Batch, Candidate
from generator.composer.candidates import Chooser, ComposedTune
from generator.composer.composer import ROUNDS, Composer, ComposingError
from generator.composer.measures import pitches
from generator.composer.novelty import NEAR_COPY, Novelty
from generator.composer.plan import Plan, make_plan
from generator.composer.weights import Weights
from generator.notation.writer import write
from generator.request import TuneRequest
from tests.patience import HANG_S

REQUEST = TuneRequest.check(rhythm="reel", key="Ador", seed=5)


def written(request: TuneRequest, count: int) -> tuple[Plan, list[Candidate]]:
    """Candidates of a model that gives every token the same probability."""
    batch, plan = Batch(count), make_plan(request)
    for row in range(count):
        batch.begin(row, plan, row)
    active = np.ones(count, np.bool_)
    while active.any():
        batch.advance(np.full((count, 152), -np.log(152), np.float32), active)
        active = batch.events != DONE
    return plan, [batch.candidate(row) for row in range(count)]


def best(chooser: Chooser, plan: Plan, candidates: Sequence[Candidate]) -> ComposedTune:
    """The best candidate, which is no copy of a known tune."""
    tune = chooser.best(plan, candidates)
    assert tune
    return tune


@pytest.fixture
def chooser(weights: Weights) -> Chooser:
    return Chooser(weights)


def test_copies_of_known_tunes_are_not_chosen(chooser: Chooser) -> None:
    plan, candidates = written(REQUEST, 5)
    melodies = {one.tokens: pitches(best(chooser, plan, [one]).score) for one in candidates}
    planted: list[tuple[str, list[int]]] = []
    while len(planted) < len(candidates):
        taken = best(chooser, plan, candidates)
        assert taken.closest.notes < NEAR_COPY
        planted.append((f"Known {len(planted)}", [note + 5 for note in melodies.pop(taken.tokens)]))  # in another key
        chooser._novelty = Novelty.of(planted)
    assert chooser.best(plan, candidates) is None


def test_the_choice_does_not_depend_on_the_order(chooser: Chooser) -> None:
    plan, candidates = written(REQUEST, 6)
    chosen = best(chooser, plan, candidates)
    assert chosen.tokens in [one.tokens for one in candidates]
    assert chosen.scores["total"] == pytest.approx(sum(part for name, part in chosen.scores.items() if name != "total"))
    assert best(chooser, plan, candidates[::-1]).tokens == chosen.tokens
    totals = [best(chooser, plan, [one]).scores["total"] for one in candidates]
    assert max(totals) <= chosen.scores["total"]


def test_an_opening_does_not_make_a_tune_a_copy(chooser: Chooser) -> None:
    request = TuneRequest.check(opening="M:6/8\nK:D\n" + "DFA dfa|gfe dcB|" * 4, seed=1)
    plan, candidates = written(request, 1)
    assert plan.opening
    chooser._novelty = Novelty.of([("The opening", pitches(plan.opening))])
    assert best(chooser, plan, candidates).closest.notes < 20


def test_further_rounds_are_composed_if_all_are_copies(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer(weights)
    try:
        choose, asked = composer._chooser.best, []

        def picky(plan: Plan, candidates: Sequence[Candidate]) -> ComposedTune | None:
            asked.append([one.tokens for one in candidates])
            return choose(plan, candidates) if len(asked) == 3 else None

        monkeypatch.setattr(composer._chooser, "best", picky)
        tune = composer.submit(REQUEST).result(60)
        assert tune.tokens in asked[2]
        assert not set(asked[2]) & set(asked[0] + asked[1])
    finally:
        composer.close()


def test_a_message_says_that_all_candidates_were_copies(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer(weights)
    try:
        asked = []
        monkeypatch.setattr(composer._chooser, "best", lambda *_: asked.append(1))
        with pytest.raises(ComposingError, match="too close to a known tune"):
            composer.submit(REQUEST).result(60)
        assert len(asked) == ROUNDS
    finally:
        composer.close()


def test_more_candidates_never_give_a_lower_score(weights: Weights) -> None:
    composer = Composer(weights)
    try:
        few, many = composer.compose([TuneRequest.check(rhythm="jig", seed=9, candidates=count) for count in (1, 12)])
        assert many.scores["total"] >= few.scores["total"]
    finally:
        composer.close()


def test_composing_needs_no_tensorflow() -> None:
    code = """
import sys
from generator.composer.composer import Composer
from generator.composer.weights import load_weights
from generator.request import TuneRequest
composer = Composer(load_weights())
print(len(composer.compose([TuneRequest.check(seed=1, candidates=1)])[0].tokens))
composer.close()
assert not {"tensorflow", "keras", "music21"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_a_candidate_depends_on_the_seed_and_its_number(chooser: Chooser) -> None:
    plan, first = written(REQUEST, 3)
    _, again = written(REQUEST, 3)
    assert [one.tokens for one in first] == [one.tokens for one in again]
    assert len({one.tokens for one in first}) == 3
    assert write(best(chooser, plan, first).score) == write(best(chooser, plan, again).score)


def test_a_slower_tune_has_the_same_notes(chooser: Chooser) -> None:
    plan, candidates = written(REQUEST, 1)
    default = best(chooser, plan, candidates).score
    slower = best(chooser, make_plan(replace(REQUEST, tempo=0.75)), candidates).score
    assert default.tempo and slower.tempo
    assert (default.tempo[1], slower.tempo[1]) == (104, 78)
    assert slower == replace(default, tempo=slower.tempo)
