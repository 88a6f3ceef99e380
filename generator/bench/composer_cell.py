"""One measurement of the composer or of a loop in a process of its own, which bench.composer starts.

Run as `python -m generator.bench.composer_cell JSON`. Writes a line of JSON after the first step and one with the result.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

import numpy as np
import psutil

from generator.bench.network import NetworkName
from generator.bench.processes import report

WARM_UP_S = 0.3


@dataclass(frozen=True, slots=True)
class ComposerCell:
    """What to measure: one cell of the table."""

    contender: str
    form: str  # of the loop, see composer.CONTENDERS
    precision: str
    network: NetworkName
    streams: int
    seconds: float
    limit: str = ""  # one of composer.LIMITS


def measure(cell: ComposerCell) -> dict[str, Any]:
    """Measures a contender: `tokens_per_second`, `memory_mb` and more. Reports when it is ready."""
    result = _ours(cell) if cell.contender == "ours" else _loop(cell)
    return result | {"memory_mb": round(psutil.Process().memory_info().rss / 1e6)}


def _loop(cell: ComposerCell) -> dict[str, Any]:
    from generator.bench.loops import LOOPS
    from generator.bench.network import network

    loop = LOOPS[cell.contender](network(cell.network), cell.streams, cell.form, cell.precision)
    loop.step()
    report(ready=True)
    for seconds in (WARM_UP_S, cell.seconds):
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            loop.step()
            steps += 1
        taken = time.perf_counter() - began
    return {"tokens_per_second": steps * cell.streams / taken}


def _ours(cell: ComposerCell) -> dict[str, Any]:
    """Tokens per second with the grammar, and how long the requests of a burst take from submission to ABC."""
    from generator.composer.composer import Composer, open_lanes
    from generator.composer.integer_product import CHOSEN
    from generator.composer.lane import Listener, Task
    from generator.composer.plan import make_plan
    from generator.composer.weights import load_weights
    from generator.notation.metres import RHYTHMS
    from generator.notation.writer import write
    from generator.request import TuneRequest

    def requests() -> Iterator[TuneRequest]:
        keys, rhythms = ("D", "G", "Ador", "Em", "Amix"), list(RHYTHMS)
        for seed in count():
            yield TuneRequest.check(seed=seed, rhythm=rhythms[seed % len(rhythms)], key=keys[seed % len(keys)])

    weights = load_weights()
    finished: queue.SimpleQueue[Task] = queue.SimpleQueue()
    lanes = open_lanes(weights, cell.streams, finished.put)
    lane_requests, lane_cycle = requests(), cycle(lanes)

    def submit(listener: Listener | None = None) -> None:
        next(lane_cycle).put([(Task(make_plan(next(lane_requests)), [None], listener), 0)])

    first: queue.SimpleQueue[object] = queue.SimpleQueue()
    submit(first.put)
    first.get(timeout=60)  # one bar is composed
    report(ready=True)
    for _ in range(2 * cell.streams):  # enough that no row ever waits for its next tune
        submit()
    for _ in range(2 * cell.streams):  # until the tunes no longer begin at the same time
        finished.get()
        submit()
    tokens, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < cell.seconds:
        tokens += sum(len(candidate.tokens) - 1 for candidate in finished.get().candidates if candidate)  # <start> is given
        submit()
    for lane in lanes:
        lane.close()

    composer, burst_requests = Composer(weights), requests()
    times: list[float] = []
    _burst(composer, burst_requests, cell.streams, write)
    bursts, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < cell.seconds or not bursts:
        times += _burst(composer, burst_requests, cell.streams, write)
        bursts += 1
    composer.close()
    return {
        "tokens_per_second": tokens / taken,
        "tunes_per_second": cell.streams * bursts / spent,
        "abc_p50_ms": float(np.quantile(times, 0.5)) * 1000,
        "abc_p95_ms": float(np.quantile(times, 0.95)) * 1000,
        "requests": len(times),
        "form": CHOSEN.name,
        "precision": "int8",  # of the products
    }


def _burst(composer: Any, requests: Iterator[Any], size: int, write: Any) -> list[float]:
    """Submits `size` requests at once. Returns how long each takes until its ABC is written, in seconds."""
    finished: queue.SimpleQueue[tuple[float, Future[Any]]] = queue.SimpleQueue()
    began = time.perf_counter()
    for _ in range(size):
        composer.submit(next(requests)).add_done_callback(lambda future: finished.put((time.perf_counter(), future)))
    times = []
    for _ in range(size):
        future = finished.get()[1]
        write(future.result().score)
        times.append(time.perf_counter() - began)
    return times


def main() -> None:
    cell = ComposerCell(**json.loads(sys.argv[1]))
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # or OpenVINO starts a process that reports its use
    try:
        report(**measure(cell))
    except Exception as error:  # whatever a library raises, the parent process shows it
        report(error=f"{type(error).__name__}: {error}".splitlines()[0])
    os._exit(0)  # does not wait for threads that are left


if __name__ == "__main__":
    main()
