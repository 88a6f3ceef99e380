"""A composer serves many requests at once: candidates, lanes, failures, cancelling, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, wait
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from generator.composer import batch
from generator.composer.batch import Candidate
from generator.composer.candidates import ComposedTune, Draft
from generator.composer.composer import CANDIDATES, ROUNDS, Composer, ComposingError
from generator.composer.cpu_runtime import MOST_STEPS
from generator.composer.plan import Plan
from generator.composer.weights import Weights
from tests.generator.composer.examples import ONE, OTHERS, REQUEST, MakeComposer, abc
from tests.patience import HANG_S


def rows_taken(composer: Composer) -> int:
    return sum(int(lane._active.sum()) for lane in composer._lanes)


def recording(advance: Callable[..., Any], record: Callable[[], None]) -> Callable[..., Any]:
    """A runtime's `advance` that calls `record` first."""

    def recorded(*arguments: Any) -> Any:
        record()
        return advance(*arguments)

    return recorded


class Held:
    """A listener that stops the composer at the first bar until it is released."""

    def __init__(self) -> None:
        self.entered, self.going = threading.Event(), threading.Event()

    def __call__(self, _: Draft) -> None:
        self.entered.set()
        self.going.wait(HANG_S)


def test_a_failing_tune_does_not_affect_the_others(composer: Composer) -> None:
    def complain(draft: Draft) -> None:
        if draft.bars >= 3:
            raise ZeroDivisionError("the listener went home")

    alone = abc(composer.compose([REQUEST])[0])
    futures = [composer.submit(request) for request in OTHERS[:6]]
    bad, good = composer.submit(REQUEST, complain), composer.submit(REQUEST)
    with pytest.raises(ZeroDivisionError):
        bad.result(HANG_S)
    assert abc(good.result(HANG_S)) == alone
    assert all(future.result(HANG_S).tokens for future in futures)


def test_a_tune_without_end_fails_with_a_message(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LONGEST", 50)
    composer = small(8)
    for request in (REQUEST, ONE):
        with pytest.raises(RuntimeError, match="did not end"):
            composer.submit(request).result(HANG_S)
    assert rows_taken(composer) == 0


def test_a_failing_step_fails_its_requests_and_later_ones_are_composed(
    small: MakeComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = small(4)
    runtime = composer._lanes[-1]._runtime
    advance = runtime.advance

    def broken(*_: object) -> None:
        monkeypatch.setattr(runtime, "advance", advance)
        raise MemoryError("no room")

    monkeypatch.setattr(runtime, "advance", broken)
    with pytest.raises(MemoryError):
        composer.submit(REQUEST).result(HANG_S)
    assert composer.submit(REQUEST).result(HANG_S).tokens


def test_several_lanes_compose_the_same_tune_as_one(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    several, one = small(8), small(8, lanes=1)
    taken: list[set[int]] = []
    for lane in several._lanes:
        monkeypatch.setattr(lane._runtime, "advance", recording(lane._runtime.advance, partial(taken.append, {id(lane)})))
    assert abc(several.submit(REQUEST).result(HANG_S)) == abc(one.submit(REQUEST).result(HANG_S))
    assert len(several._lanes) == 2
    assert len(set().union(*taken)) == len(several._lanes)


def test_requests_with_one_candidate_are_spread_over_the_lanes(small: MakeComposer) -> None:
    composer, held = small(8), Held()
    futures = [composer.submit(ONE, held)]
    assert held.entered.wait(HANG_S)
    futures += [composer.submit(replace(ONE, seed=seed)) for seed in range(7)]
    loads = [lane._put for lane in composer._lanes]
    held.going.set()
    assert all(future.result(HANG_S).tokens for future in futures)
    assert sum(loads) == 8
    assert min(loads) > 0
    assert [lane.load for lane in composer._lanes] == [0] * len(composer._lanes)


def test_a_failing_choice_fails_its_request_and_later_ones_are_composed(
    small: MakeComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = small(4)

    def broken(*_: object) -> None:
        monkeypatch.undo()
        raise ZeroDivisionError("no taste")

    monkeypatch.setattr("generator.composer.composer.Chooser.best", broken)
    with pytest.raises(ZeroDivisionError):
        composer.submit(ONE).result(HANG_S)
    assert composer.submit(ONE).result(HANG_S).tokens


def test_a_request_gets_as_many_candidates_as_it_asks_for(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    composer, chosen = small(8), []
    best = composer._chooser.best

    def choose(_: object, plan: Plan, found: Sequence[Candidate]) -> ComposedTune | None:
        chosen.append(found)
        return best(plan, found)

    monkeypatch.setattr("generator.composer.composer.Chooser.best", choose)
    tunes = composer.compose([ONE, replace(REQUEST, candidates=3), REQUEST])
    by_number = sorted(chosen, key=len)
    assert [len(found) for found in by_number] == [1, 3, CANDIDATES]
    assert by_number[2][:3] == by_number[1]  # the same candidates and more
    assert by_number[1][:1] == by_number[0]
    assert len({written.tokens for written in by_number[2]}) == CANDIDATES
    assert all(tune.tokens in {written.tokens for written in by_number[2]} for tune in tunes)


def test_further_candidates_are_composed_if_all_are_copies(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    composer, chosen = small(4), []
    best = composer._chooser.best
    copies = 2

    def choose(_: object, plan: Plan, found: Sequence[Candidate]) -> ComposedTune | None:
        chosen.append(found)
        return None if len(chosen) <= copies else best(plan, found)

    monkeypatch.setattr("generator.composer.composer.Chooser.best", choose)
    tune = composer.submit(replace(REQUEST, candidates=2)).result(HANG_S)
    assert len(chosen) == copies + 1
    assert len({written.tokens for found in chosen for written in found}) == 2 * (copies + 1)
    assert tune.tokens in {written.tokens for written in chosen[-1]}


def test_a_request_fails_with_a_message_if_all_rounds_are_copies(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    composer, rounds = small(4), []
    monkeypatch.setattr("generator.composer.composer.Chooser.best", lambda *_: rounds.append(1))
    with pytest.raises(ComposingError, match="too close to a known tune"):
        composer.submit(ONE).result(HANG_S)
    assert len(rounds) == ROUNDS
    assert rows_taken(composer) == 0


def test_cancelling_waiting_or_running_requests_does_not_affect_others(composer: Composer, small: MakeComposer) -> None:
    single, held = small(1), Held()
    making, waiting, last = single.submit(ONE, held), single.submit(ONE), single.submit(ONE)
    assert held.entered.wait(HANG_S)
    assert making.cancel()
    assert waiting.cancel()
    held.going.set()
    assert abc(last.result(HANG_S)) == abc(composer.compose([ONE])[0])
    for cancelled in (making, waiting):
        with pytest.raises(CancelledError):
            cancelled.result(0)


def test_cancelling_frees_all_rows_of_a_request_at_once(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next request does not wait for the end of the candidates that fill the composer."""
    composer, held = small(CANDIDATES, lanes=1), Held()
    steps: list[int] = []
    runtime = composer._lanes[0]._runtime
    monkeypatch.setattr(runtime, "advance", recording(runtime.advance, lambda: steps.append(rows_taken(composer))))
    making, after = composer.submit(REQUEST, held), composer.submit(ONE)
    assert held.entered.wait(HANG_S)
    assert steps[-1] == CANDIDATES
    before = len(steps)
    making.cancel()
    held.going.set()
    tune = after.result(HANG_S)
    assert set(steps[before:]) == {1}
    assert len(steps) - before == -(-(len(tune.tokens) - 1) // MOST_STEPS)


def test_a_finished_request_cannot_be_cancelled(composer: Composer) -> None:
    future = composer.submit(ONE)
    tune = future.result(HANG_S)
    assert not future.cancel()
    assert future.result(0) is tune


def test_waiting_for_several_requests_ends_although_one_is_cancelled(small: MakeComposer) -> None:
    composer, held = small(1), Held()
    futures = [composer.submit(ONE, held), composer.submit(ONE)]
    assert held.entered.wait(HANG_S)
    futures[0].cancel()
    held.going.set()
    assert not wait(futures, timeout=HANG_S).not_done


def test_closing_fails_unfinished_requests_and_refuses_later_ones(weights: Weights) -> None:
    composer = Composer(weights, slots=1)
    entered = threading.Event()
    futures = [composer.submit(REQUEST, lambda _: entered.set()), *(composer.submit(REQUEST) for _ in range(30))]
    assert entered.wait(HANG_S)
    composer.close()
    assert not any(lane._thread.is_alive() for lane in composer._lanes)
    assert all(future.done() for future in futures)
    assert isinstance(futures[-1].exception(0), RuntimeError)
    with pytest.raises(RuntimeError, match="closed"):
        composer.submit(REQUEST)
