"""The choice among candidates: copies of known tunes are never handed out, and no other thing decides than the tunes."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from generator.composer.batch import DONE, Batch
from generator.composer.candidates import Choice
from generator.composer.composer import ROUNDS, Composer, ComposingError
from generator.composer.measures import pitches
from generator.composer.novelty import NEAR_COPY, Novelty
from generator.composer.plan import make_plan
from generator.notation.writer import write
from generator.request import TuneRequest

REQUEST = TuneRequest.check(rhythm="reel", key="Ador", seed=5)


def written(request: TuneRequest, count: int):
    """Candidates of a model that finds everything equally likely."""
    batch, plan = Batch(count), make_plan(request)
    for row in range(count):
        batch.begin(row, plan, row)
    active = np.ones(count, np.bool_)
    while active.any():
        batch.advance(np.full((count, 152), -np.log(152), np.float32), active)
        active = batch.news != DONE
    return plan, [batch.written(row) for row in range(count)]


@pytest.fixture
def choice(weights) -> Choice:
    return Choice(weights)


def test_planted_copies_are_passed_over(choice):
    plan, candidates = written(REQUEST, 5)
    melodies = {one.tokens: pitches(choice.best(plan, [one]).score) for one in candidates}
    planted: list[tuple[str, list[int]]] = []
    while len(planted) < len(candidates):
        taken = choice.best(plan, candidates)
        assert taken.closest.notes < NEAR_COPY
        planted.append((f"Known {len(planted)}", [note + 5 for note in melodies.pop(taken.tokens)]))  # in another key
        choice._novelty = Novelty.of(planted)
    assert choice.best(plan, candidates) is None


def test_the_choice_is_the_same_whatever_the_order(choice):
    plan, candidates = written(REQUEST, 6)
    chosen = choice.best(plan, candidates)
    assert chosen.tokens in [one.tokens for one in candidates]
    assert chosen.scores["total"] == pytest.approx(sum(part for name, part in chosen.scores.items() if name != "total"))
    assert choice.best(plan, candidates[::-1]).tokens == chosen.tokens
    assert all(choice.best(plan, [one]).scores["total"] <= chosen.scores["total"] for one in candidates)


def test_an_opening_does_not_make_a_tune_a_copy(choice):
    request = TuneRequest.check(opening="M:6/8\nK:D\n" + "DFA dfa|gfe dcB|" * 4, seed=1)
    plan, candidates = written(request, 1)
    choice._novelty = Novelty.of([("The opening", pitches(plan.opening))])
    assert choice.best(plan, candidates).closest.notes < 20


def test_where_all_are_copies_others_are_composed(weights, monkeypatch):
    composer = Composer(weights)
    try:
        best, asked = composer._choice.best, []

        def picky(plan, candidates):
            asked.append([one.tokens for one in candidates])
            return best(plan, candidates) if len(asked) == 3 else None

        monkeypatch.setattr(composer._choice, "best", picky)
        tune = composer.submit(REQUEST).result(60)
        assert tune.tokens in asked[2]
        assert not set(asked[2]) & set(asked[0] + asked[1])
    finally:
        composer.close()


def test_where_only_copies_come_a_sentence_says_so(weights, monkeypatch):
    composer = Composer(weights)
    try:
        asked = []
        monkeypatch.setattr(composer._choice, "best", lambda *_: asked.append(1))
        with pytest.raises(ComposingError, match="too close to a known tune"):
            composer.submit(REQUEST).result(60)
        assert len(asked) == ROUNDS
    finally:
        composer.close()


def test_more_candidates_find_a_tune_that_is_no_worse(weights):
    composer = Composer(weights)
    try:
        few, many = composer.compose([TuneRequest.check(rhythm="jig", seed=9, candidates=count) for count in (1, 12)])
        assert many.scores["total"] >= few.scores["total"]
    finally:
        composer.close()


def test_composing_needs_no_tensorflow():
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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


def test_a_written_tune_is_that_of_the_seed_and_the_number(choice):
    plan, first = written(REQUEST, 3)
    _, again = written(REQUEST, 3)
    assert [one.tokens for one in first] == [one.tokens for one in again]
    assert len({one.tokens for one in first}) == 3
    assert write(choice.best(plan, first).score) == write(choice.best(plan, again).score)


def test_a_slower_tune_has_the_same_notes(choice):
    plan, candidates = written(REQUEST, 1)
    usual = choice.best(plan, candidates).score
    slower = choice.best(make_plan(replace(REQUEST, tempo=0.75)), candidates).score
    assert (usual.tempo[1], slower.tempo[1]) == (104, 78)
    assert slower == replace(usual, tempo=slower.tempo)
