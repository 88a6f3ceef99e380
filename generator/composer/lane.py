"""A lane: a batch of rows that advances step by step in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from generator.composer.batch import DONE, TOO_LONG, Batch, Candidate
from generator.composer.candidates import ComposedTune, Draft
from generator.composer.plan import Plan
from generator.composer.runtime import Runtime

Listener = Callable[[Draft], None]  # called with what is written so far


@dataclass(slots=True, eq=False)
class Task:
    """A request in progress. Several lanes may compose its candidates."""

    plan: Plan
    candidates: list[Candidate | None]  # None until it is finished
    listener: Listener | None
    first_number: int = 0  # of the first candidate in this round; later rounds follow if all were copies of known tunes
    ended: bool = False  # finished, failed or cancelled
    future: Future[ComposedTune] = field(default_factory=Future)
    _bars: dict[int, int] = field(default_factory=dict)  # candidate → bars
    _first: Candidate | None = None  # the first candidate, as far as it is written
    _reported: int = 0  # the greatest number of bars that was reported
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.future.add_done_callback(self._end)

    def _end(self, future: Future[ComposedTune]) -> None:
        self.ended = True
        if future.cancelled():
            future.set_running_or_notify_cancel()  # wakes those who wait for it

    def report_bars(self, number: int, bars: int, written: Candidate | None) -> None:
        """Calls the listener if the number of bars of the slowest candidate has grown. `written`: the first candidate so far."""
        with self._lock:
            self._bars[number] = bars
            self._first = written or self._first
            unfinished = [each for each, candidate in enumerate(self.candidates) if candidate is None]
            slowest = min((self._bars.get(each, 0) for each in unfinished), default=0)
            if self.listener and slowest > self._reported:
                self._reported = slowest
                self.listener(Draft(slowest, self.plan, self._first))

    def add(self, number: int, candidate: Candidate) -> bool:
        """Adds a finished candidate. Returns whether all are finished."""
        with self._lock:
            self.candidates[number] = candidate
            return None not in self.candidates

    def start_round(self) -> None:
        """Discards the candidates; others are to be composed."""
        self.first_number += len(self.candidates)
        self.candidates = [None] * len(self.candidates)
        self._bars.clear()
        self._first = None

    def finish(self, tune: ComposedTune) -> None:
        with suppress(InvalidStateError):  # it was cancelled or has failed in another lane
            self.future.set_result(tune)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


class Lane:
    """Starts candidates as rows become free. A request that is cancelled or has failed frees its rows at the next step."""

    def __init__(self, runtime: Runtime, rows: int, finished: Callable[[Task], None]) -> None:
        """finished: called, in the lane's thread, with each task whose last candidate this lane has composed"""
        self._runtime, self._finished = runtime, finished
        self._batch = Batch(rows)
        self._occupants: list[tuple[Task, int] | None] = [None] * rows  # of each row: the task and which of its candidates it is
        self._active = np.zeros(rows, np.bool_)  # (rows,) the rows that compose a candidate
        self._begins = np.zeros(rows, np.bool_)  # (rows,) the rows in which a new tune begins with the next step
        self._entering: deque[tuple[Task, int]] = deque()  # candidates that wait for a row
        self._waiting: queue.SimpleQueue[Sequence[tuple[Task, int]]] = queue.SimpleQueue()
        self._put, self._entered = 0, 0  # candidates so far; only one thread writes each number
        self._closed = False
        # Compiles now, or reads what was compiled, rather than during the first request.
        self._batch.grammar.advance(np.zeros(rows, np.int64))
        self._runtime.advance(self._batch, self._begins, self._active)
        self._thread = threading.Thread(target=self._run, name="lane", daemon=True)
        self._thread.start()

    @property
    def load(self) -> int:
        """About how many candidates are in progress or waiting."""
        return int(self._active.sum()) + self._put - self._entered

    def put(self, candidates: Sequence[tuple[Task, int]]) -> None:
        """Queues candidates. Only one thread may call this at a time."""
        self._put += len(candidates)
        self._waiting.put(candidates)

    def close(self) -> None:
        """Ends the thread. Tasks that are waiting or in progress fail."""
        self._closed = True
        self._waiting.put(())
        self._thread.join()

    # in the lane's thread

    def _run(self) -> None:
        while not self._closed:
            self._admit()
            if self._active.any():
                self._step()
        while not self._waiting.empty():
            self._entering.extend(self._waiting.get())
        for task, _ in (*filter(None, self._occupants), *self._entering):
            task.fail(RuntimeError("The composer was closed."))

    def _admit(self) -> None:
        """Starts waiting candidates in free rows; waits for some if there is nothing to do."""
        idle = not self._active.any() and not self._entering
        while idle or not self._waiting.empty():
            idle = False
            self._entering.extend(self._waiting.get())
        for row, occupant in enumerate(self._occupants):
            if occupant and occupant[0].ended:
                self._free(row)
        for row in np.flatnonzero(~self._active).tolist() if self._entering else ():
            while not self._active[row] and self._entering:
                self._enter(row, *self._entering.popleft())

    def _enter(self, row: int, task: Task, number: int) -> None:
        self._entered += 1
        if task.ended:
            return
        try:
            self._batch.begin(row, task.plan, task.first_number + number)
        except Exception as error:  # whatever fails for one tune must not stop the others
            task.fail(error)
            return
        self._occupants[row] = task, number
        self._active[row] = self._begins[row] = True

    def _free(self, row: int) -> None:
        self._occupants[row], self._active[row] = None, False

    def _step(self) -> None:
        """Advances every active row by a few tokens."""
        try:
            self._runtime.advance(self._batch, self._begins, self._active)
        except Exception as error:  # whatever the runtime raises, all requests must fail rather than wait forever
            for row in np.flatnonzero(self._active).tolist():
                if occupant := self._occupants[row]:
                    occupant[0].fail(error)
                self._free(row)
            return
        for row in np.flatnonzero(self._active & (self._batch.events > 0)).tolist():
            if occupant := self._occupants[row]:
                try:
                    self._handle_event(row, *occupant)
                except Exception as error:  # whatever fails for one tune must not stop the others
                    self._free(row)
                    occupant[0].fail(error)

    def _handle_event(self, row: int, task: Task, number: int) -> None:
        """Reports a new bar or adds a finished candidate to its task."""
        event = self._batch.events[row]
        if event == TOO_LONG:
            raise RuntimeError("The tune did not end within the longest length.")
        if task.listener:
            task.report_bars(number, self._batch.bars(row), self._batch.candidate(row) if number == 0 else None)
        if event == DONE:
            self._free(row)
            if task.add(number, self._batch.candidate(row)):
                self._finished(task)
