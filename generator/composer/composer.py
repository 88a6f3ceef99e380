"""Composes: keeps a batch of tunes going, step by step, each under its own grammar and its own seed.

A thread of its own advances all open requests together, token by token; a request enters as soon as there is room, as several
candidates of which the best is handed out.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from generator.composer.batch import Batch, Written
from generator.composer.candidates import Choice, ComposedTune
from generator.composer.plan import Plan, make_plan
from generator.composer.runtime import open_runtime
from generator.composer.titles import shipped
from generator.composer.weights import Weights
from generator.request import TuneRequest

DEFAULT_SLOTS = 64
CANDIDATES = 8  # of a request, where it does not say
SWITCH_S = 5e-4  # between threads
ROUNDS = 4  # of candidates, before it is said that all are copies

Listener = Callable[[int], None]  # told how many bars are written


class ComposingError(RuntimeError):
    """The request cannot be met; the message is the sentence to show."""


@dataclass(slots=True, eq=False)
class _Task:
    """A request in the making."""

    plan: Plan
    candidates: list[Written | None]  # as they are finished
    listener: Listener | None
    future: Future[ComposedTune] = field(default_factory=Future)
    rows: dict[int, int] = field(default_factory=dict)  # candidate → its row in the batch
    first: int = 0  # the number of the first candidate: greater where earlier ones were all copies of known tunes
    bars: int = 0  # that the listener was told of


class Composer:
    """The musician's mind: `submit` from any thread, `close` when done. Tunes are deterministic for a request's seed."""

    def __init__(self, weights: Weights, *, slots: int = DEFAULT_SLOTS) -> None:
        self.model = str(weights.card["name"])
        self._runtime, self._choice = open_runtime(weights, slots), Choice(weights)
        shipped()  # the titles are read now, not under the first request
        self._batch = Batch(slots)
        self._begins = np.zeros(slots, np.bool_)  # the rows that a new tune has entered
        self._owners: list[tuple[_Task, int] | None] = [None] * slots  # of each row: the request and which candidate it is
        self._entering: deque[tuple[_Task, int]] = deque()  # candidates that wait for a row
        self._waiting: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._door, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._run, name="composer", daemon=True)
        self._thread.start()

    def submit(self, request: TuneRequest, listener: Listener | None = None) -> Future[ComposedTune]:
        """Queues a request; `listener` hears, in the composer's thread, of each bar that is written. Cancelling the future frees
        its place at once.

        Raises NotationError for an opening that cannot be gone on from, and RuntimeError once closed.
        """
        task = _Task(make_plan(request), [None] * (request.candidates or CANDIDATES), listener)
        with self._door:
            if self._closed:
                raise RuntimeError("The composer was closed.")
            self._waiting.put(task)
        return task.future

    def compose(self, requests: Sequence[TuneRequest]) -> list[ComposedTune]:
        """Composes requests together and waits for all of them."""
        return [future.result() for future in [self.submit(request) for request in requests]]

    def close(self) -> None:
        """Ends the thread; tunes that are waiting or in the making fail."""
        with self._door:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    # in the composer's thread

    def _run(self) -> None:
        # The steps let other threads run twice each; they must not wait for the usual 5 ms until it is their turn again.
        sys.setswitchinterval(SWITCH_S)
        with ThreadPoolExecutor(1, "finisher") as finisher:
            self._finisher = finisher
            while not self._closed:
                self._admit()
                if any(self._owners):
                    self._step()
            self._abandon()

    def _admit(self) -> None:
        """Lets requests in, and their candidates into rows that are free; waits where there is nothing to do."""
        idle = not any(self._owners) and not self._entering
        while idle or not self._waiting.empty():
            idle = False
            if task := self._waiting.get():
                self._entering.extend((task, number) for number in range(len(task.candidates)))
        for task in {owner[0] for owner in (*self._owners, *self._entering) if owner}:
            if task.future.cancelled():
                self._dismiss(task)
                task.future.set_running_or_notify_cancel()
        for row, owner in enumerate(self._owners):
            while owner is None and self._entering:
                task, number = self._entering.popleft()
                if not task.future.done():  # failed with another candidate
                    try:
                        self._batch.begin(row, task.plan, task.first + number)
                    except Exception as error:  # one tune's failure is its own: the others go on
                        self._fail(task, error)
                        continue
                    owner = self._owners[row] = task, number
                    task.rows[number] = row
                    self._begins[row] = True

    def _step(self) -> None:
        """One token further in every row that is taken."""
        top = max(row for row, owner in enumerate(self._owners) if owner) + 1
        size = self._runtime.size(top)
        active = np.array([owner is not None for owner in self._owners[:size]])
        try:
            logits = self._runtime.step(self._batch.inputs[:size], self._begins[:size])
        except Exception as error:  # whatever the runtime raises, everybody who waits must hear of it
            for task in {owner[0] for owner in self._owners if owner}:
                self._fail(task, error)
            return
        self._begins[:] = False
        self._batch.advance(logits, active)
        if heard := {owner[0] for owner in self._owners if owner and owner[0].listener}:
            bars = self._batch.grammar.bars_written()
            for task in heard:
                self._report(task, bars)
        for row in np.flatnonzero(active & (self._batch.done() | self._batch.too_long())[:size]):
            owner = self._owners[row]
            if owner:
                self._leave(int(row), *owner)

    def _report(self, task: _Task, bars: NDArray[np.int64]) -> None:
        """Tells the listener how many bars the slowest candidate has."""
        written = min(
            (int(bars[task.rows[n]]) if n in task.rows else 0 for n, tune in enumerate(task.candidates) if tune is None),
            default=0,
        )
        if task.listener and written > task.bars:
            task.bars = written
            try:
                task.listener(written)
            except Exception as error:  # one tune's failure is its own: the others go on
                self._fail(task, error)

    def _leave(self, row: int, task: _Task, number: int) -> None:
        """A candidate is finished; with the last one of its request the best is chosen, in a thread of its own."""
        self._owners[row] = None
        if self._batch.too_long()[row]:
            return self._fail(task, RuntimeError("The tune did not come to an end."))
        batch = self._batch
        task.candidates[number] = batch.written(row)
        if None not in task.candidates:
            self._finisher.submit(self._finish, task)
        return None

    def _finish(self, task: _Task) -> None:
        """In the finisher's thread: hands out the best candidate; where all are copies of known tunes others are composed."""
        try:
            tune = self._choice.best(task.plan, [written for written in task.candidates if written])
        except Exception as error:
            return self._fail(task, error)
        if tune is None and task.first + len(task.candidates) < ROUNDS * len(task.candidates):
            task.first += len(task.candidates)
            task.candidates = [None] * len(task.candidates)
            task.rows.clear()
            with self._door:
                if not self._closed:
                    return self._waiting.put(task)
            return self._fail(task, RuntimeError("The composer was closed."))
        if tune is None:
            return self._fail(
                task, ComposingError("All that I wrote was too close to a known tune. Ask again with another seed.")
            )
        if task.future.set_running_or_notify_cancel():
            task.future.set_result(tune)
        return None

    def _fail(self, task: _Task, error: Exception) -> None:
        """Ends a request with an error."""
        self._dismiss(task)
        if not task.future.done() and task.future.set_running_or_notify_cancel():
            task.future.set_exception(error)

    def _dismiss(self, task: _Task) -> None:
        """Frees the rows of a request, and forgets those of its candidates that wait for one."""
        self._owners = [None if owner and owner[0] is task else owner for owner in self._owners]
        self._entering = deque(waiting for waiting in self._entering if waiting[0] is not task)

    def _abandon(self) -> None:
        waiting = [self._waiting.get() for _ in range(self._waiting.qsize())]
        entered = [owner[0] for owner in (*self._owners, *self._entering) if owner]
        for task in {task for task in (*waiting, *entered) if task}:
            self._fail(task, RuntimeError("The composer was closed."))
