"""The composer: composes many requests at the same time, each with its own grammar and seed.

A request starts as soon as rows are free. Several candidates are composed for it, and the best one is returned. The rows are
divided into lanes. Each lane is a thread with its own network on its share of the processors, so that one lane's network
computes while another lane's grammar does.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from generator.composer.candidates import Chooser, ComposedTune
from generator.composer.form_table import FormTable
from generator.composer.lane import Lane, Listener, Task
from generator.composer.plan import make_plan
from generator.composer.runtime import open_runtimes
from generator.composer.titles import shipped_titles
from generator.composer.weights import Weights
from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage

DEFAULT_SLOTS = 64
CANDIDATES = 14  # default number of candidates for a request
SWITCH_S = 5e-4  # after this time Python lets another thread run
ROUNDS = 4  # rounds of candidates before a request fails because all are copies of known tunes


class ComposingError(UserError):
    """A request cannot be composed."""


def open_lanes(weights: Weights, slots: int, finished: Callable[[Task], None]) -> list[Lane]:
    """The lanes of this machine, for up to `slots` candidates in total. finished: see Lane"""
    # A step releases Python's lock several times. It must not wait for the default 5 ms each time to get it back.
    sys.setswitchinterval(SWITCH_S)
    runtimes = open_runtimes(weights, slots)
    return [Lane(runtime, -(-slots // len(runtimes)), finished) for runtime in runtimes]


class Composer:
    """Composes requests. `submit` can be called from any thread. The same request, with its seed, gives the same tune."""

    def __init__(self, weights: Weights, *, slots: int = DEFAULT_SLOTS) -> None:
        self.model = str(weights.card["name"])
        self._chooser = Chooser(weights)
        self._forms = FormTable.beside(weights)
        shipped_titles()  # reads the titles now rather than during the first request
        self._finisher = ThreadPoolExecutor(1, "finisher")
        self._lock, self._closed = threading.Lock(), False
        self._lanes = open_lanes(weights, slots, self._finished)

    def submit(self, request: TuneRequest, listener: Listener | None = None) -> Future[ComposedTune]:
        """Queues a request. Cancelling the future frees its rows at once.

        listener: called whenever the slowest candidate has a new bar, in a thread of the composer. Raises NotationError for an
        opening that cannot be continued, RuntimeError after `close`. The future raises ComposingError.
        """
        task = Task(make_plan(request, table=self._forms), [None] * (request.candidates or CANDIDATES), listener)
        self._spread(task)
        return task.future

    def compose(self, requests: Sequence[TuneRequest]) -> list[ComposedTune]:
        """Composes requests at the same time and waits for all of them."""
        return [future.result() for future in [self.submit(request) for request in requests]]

    def close(self) -> None:
        """Ends the threads. Requests that are waiting or in progress fail."""
        with self._lock:
            self._closed = True
        for lane in self._lanes:
            lane.close()
        self._finisher.shutdown()

    def _spread(self, task: Task) -> None:
        """Distributes the candidates among the lanes, starting with the least busy one."""
        with self._lock:
            if self._closed:
                raise RuntimeError("The composer was closed.")
            lanes = sorted(self._lanes, key=lambda lane: lane.load)
            for index, lane in enumerate(lanes[: len(task.candidates)]):
                lane.put([(task, number) for number in range(index, len(task.candidates), len(lanes))])

    def _finished(self, task: Task) -> None:
        self._finisher.submit(self._choose, task)

    def _choose(self, task: Task) -> None:
        """In the finisher's thread: returns the best candidate, or starts another round if all are copies of known tunes."""
        if task.ended:
            return
        try:
            tune = self._chooser.best(task.plan, [candidate for candidate in task.candidates if candidate])
            if tune:
                task.finish(tune)
            elif task.first_number + len(task.candidates) < ROUNDS * len(task.candidates):
                task.start_round()
                self._spread(task)
            else:
                raise ComposingError(
                    UserMessage("Everything I composed was too close to a known tune. Try again with another seed.")
                )
        except Exception as error:  # whatever fails for one request must not stop the others
            task.fail(error)
