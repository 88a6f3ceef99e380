"""Composes: keeps batches of tunes going, step by step, each tune under its own grammar and its own seed.

A request enters as soon as there is room, as several candidates of which the best is handed out. The rows are parted into
lanes, each a thread with its own network on its share of the processors: none waits while another's grammar is at work.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from generator.composer.candidates import Choice, ComposedTune
from generator.composer.lane import Lane, Listener, Task
from generator.composer.plan import make_plan
from generator.composer.runtime import open_runtimes
from generator.composer.titles import shipped
from generator.composer.weights import Weights
from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage

DEFAULT_SLOTS = 64
CANDIDATES = 8  # of a request, where it does not say
SWITCH_S = 5e-4  # between threads
ROUNDS = 4  # of candidates, before it is said that all are copies


class ComposingError(UserError):
    """A request that cannot be met."""


def open_lanes(weights: Weights, slots: int, finished: Callable[[Task], None]) -> list[Lane]:
    """As many as the machine keeps busy, for so many candidates together; for `finished` see Lane."""
    # A step lets other threads run several times; it must not wait for the usual 5 ms until it is its turn again.
    sys.setswitchinterval(SWITCH_S)
    runtimes = open_runtimes(weights, slots)
    return [Lane(runtime, -(-slots // len(runtimes)), finished) for runtime in runtimes]


class Composer:
    """The musician's mind: `submit` from any thread, `close` when done. Tunes are deterministic for a request's seed."""

    def __init__(self, weights: Weights, *, slots: int = DEFAULT_SLOTS) -> None:
        self.model = str(weights.card["name"])
        self._choice = Choice(weights)
        shipped()  # the titles are read now, not under the first request
        self._finisher = ThreadPoolExecutor(1, "finisher")
        self._door, self._closed = threading.Lock(), False
        self._lanes = open_lanes(weights, slots, self._finished)

    def submit(self, request: TuneRequest, listener: Listener | None = None) -> Future[ComposedTune]:
        """Queues a request; `listener` hears, in a thread of the composer's, how many bars its slowest candidate has. Cancelling
        the future frees its place at once.

        Raises NotationError for an opening that cannot be gone on from, and RuntimeError once closed.
        """
        task = Task(make_plan(request), [None] * (request.candidates or CANDIDATES), listener)
        self._spread(task)
        return task.future

    def compose(self, requests: Sequence[TuneRequest]) -> list[ComposedTune]:
        """Composes requests together and waits for all of them."""
        return [future.result() for future in [self.submit(request) for request in requests]]

    def close(self) -> None:
        """Ends the threads; tunes that are waiting or in the making fail."""
        with self._door:
            self._closed = True
        for lane in self._lanes:
            lane.close()
        self._finisher.shutdown()

    def _spread(self, task: Task) -> None:
        """Hands the candidates to the lanes, the first one to the lane that has least to do."""
        with self._door:
            if self._closed:
                raise RuntimeError("The composer was closed.")
            lanes = sorted(self._lanes, key=lambda lane: lane.load)
            for place, lane in enumerate(lanes[: len(task.candidates)]):
                lane.put([(task, number) for number in range(place, len(task.candidates), len(lanes))])

    def _finished(self, task: Task) -> None:
        self._finisher.submit(self._choose, task)

    def _choose(self, task: Task) -> None:
        """In the finisher's thread: hands out the best candidate; where all are copies of known tunes others are composed."""
        if task.over:
            return
        try:
            tune = self._choice.best(task.plan, [written for written in task.candidates if written])
            if tune:
                task.finish(tune)
            elif task.first + len(task.candidates) < ROUNDS * len(task.candidates):
                task.again()
                self._spread(task)
            else:
                raise ComposingError(UserMessage("All that I wrote was too close to a known tune. Ask again with another seed."))
        except Exception as error:  # one tune's failure is its own
            task.fail(error)
