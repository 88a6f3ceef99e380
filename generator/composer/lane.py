"""A lane: rows that advance together, step by step, in a thread of their own."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from generator.composer.batch import DONE, TOO_LONG, Batch, Written
from generator.composer.candidates import ComposedTune
from generator.composer.plan import Plan
from generator.composer.runtime import Runtime

Listener = Callable[[int], None]  # told how many bars are written


@dataclass(slots=True, eq=False)
class Task:
    """A request in the making. Its candidates may be written in several lanes."""

    plan: Plan
    candidates: list[Written | None]  # as they are finished
    listener: Listener | None
    first: int = 0  # the number of the first candidate: greater where earlier ones were all copies of known tunes
    over: bool = False  # it was cancelled, has failed, or is finished
    future: Future[ComposedTune] = field(default_factory=Future)
    _bars: dict[int, int] = field(default_factory=dict)  # that a candidate has
    _told: int = 0  # bars that the listener knows of
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.future.add_done_callback(self._end)

    def _end(self, future: Future[ComposedTune]) -> None:
        self.over = True
        if future.cancelled():
            future.set_running_or_notify_cancel()  # whoever waits for it hears of it

    def progress(self, number: int, bars: int) -> None:
        """Tells the listener how many bars the slowest candidate has."""
        with self._lock:
            self._bars[number] = bars
            written = min((self._bars.get(n, 0) for n, tune in enumerate(self.candidates) if tune is None), default=0)
            if self.listener and written > self._told:
                self._told = written
                self.listener(written)

    def written(self, number: int, candidate: Written) -> bool:
        """Whether with this candidate all are finished."""
        with self._lock:
            self.candidates[number] = candidate
            return None not in self.candidates

    def again(self) -> None:
        """Other candidates are to be written."""
        self.first += len(self.candidates)
        self.candidates = [None] * len(self.candidates)
        self._bars.clear()

    def finish(self, tune: ComposedTune) -> None:
        with suppress(InvalidStateError):  # it was cancelled, or failed elsewhere
            self.future.set_result(tune)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


class Lane:
    """Takes candidates in as rows come free; a request that is cancelled or has failed gives its rows back at the next step."""

    def __init__(self, runtime: Runtime, rows: int, finished: Callable[[Task], None]) -> None:
        """`finished` hears, in the lane's thread, of each task whose last candidate this lane has written."""
        self._runtime, self._finished = runtime, finished
        self._batch = Batch(rows)
        self._owners: list[tuple[Task, int] | None] = [None] * rows  # of each row: the request and which candidate it is
        self._active = np.zeros(rows, np.bool_)  # the rows that have one
        self._begins = np.zeros(rows, np.bool_)  # those that a new tune has entered
        self._entering: deque[tuple[Task, int]] = deque()  # candidates that wait for a row
        self._waiting: queue.SimpleQueue[Sequence[tuple[Task, int]]] = queue.SimpleQueue()
        self._put, self._entered = 0, 0  # candidates ever; each is counted by one thread alone
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="lane", daemon=True)
        self._thread.start()

    @property
    def load(self) -> int:
        """About how many candidates are in the lane or wait for it."""
        return int(self._active.sum()) + self._put - self._entered

    def put(self, candidates: Sequence[tuple[Task, int]]) -> None:
        """One caller at a time."""
        self._put += len(candidates)
        self._waiting.put(candidates)

    def close(self) -> None:
        """Ends the thread; what waits or is in the making fails."""
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
        for task, _ in (*filter(None, self._owners), *self._entering):
            task.fail(RuntimeError("The composer was closed."))

    def _admit(self) -> None:
        """Lets candidates in where rows are free; waits where there is nothing to do."""
        idle = not self._active.any() and not self._entering
        while idle or not self._waiting.empty():
            idle = False
            self._entering.extend(self._waiting.get())
        for row, owner in enumerate(self._owners):
            if owner and owner[0].over:
                self._free(row)
        for row in np.flatnonzero(~self._active).tolist() if self._entering else ():
            while not self._active[row] and self._entering:
                self._enter(row, *self._entering.popleft())

    def _enter(self, row: int, task: Task, number: int) -> None:
        self._entered += 1
        if task.over:
            return
        try:
            self._batch.begin(row, task.plan, task.first + number)
        except Exception as error:  # one tune's failure is its own: the others go on
            task.fail(error)
            return
        self._owners[row] = task, number
        self._active[row] = self._begins[row] = True

    def _free(self, row: int) -> None:
        self._owners[row], self._active[row] = None, False

    def _step(self) -> None:
        """One token further in every row that is taken."""
        size = self._runtime.size(int(np.flatnonzero(self._active)[-1]) + 1)
        active = self._active[:size]
        try:
            logs = self._runtime.step(self._batch.inputs[:size], self._begins[:size])
            self._begins[:] = False
            self._batch.advance(logs, active)
        except Exception as error:  # whatever the runtime raises, everybody who waits must hear of it
            for row in np.flatnonzero(active).tolist():
                if owner := self._owners[row]:
                    owner[0].fail(error)
                self._free(row)
            return
        for row in np.flatnonzero(active & (self._batch.news[:size] > 0)).tolist():
            if owner := self._owners[row]:
                try:
                    self._tell(row, *owner)
                except Exception as error:  # one tune's failure is its own: the others go on
                    owner[0].fail(error)

    def _tell(self, row: int, task: Task, number: int) -> None:
        """A bar more is written, or the candidate is finished."""
        news = self._batch.news[row]
        if news == TOO_LONG:
            raise RuntimeError("The tune did not come to an end.")
        if task.listener:
            task.progress(number, self._batch.bars(row))
        if news == DONE:
            self._free(row)
            if task.written(number, self._batch.written(row)):
                self._finished(task)
