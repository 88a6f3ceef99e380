"""One measurement in a process of its own: `python -m generator.bench.cell CELL`, which bench.composer starts.

Writes a line of JSON when the first step is done, and one with what was measured.
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
from generator.bench.processes import echo

WARM_UP_S = 0.3


@dataclass(frozen=True, slots=True)
class Cell:
    contender: str
    form: str  # of the loop, where it can be written in several
    precision: str
    network: NetworkName
    streams: int
    seconds: float


def measure(cell: Cell) -> dict[str, Any]:
    """Tokens a second and what else is known of a contender; says when it is ready."""
    found = _ours(cell) if cell.contender == "ours" else _loop(cell)
    return found | {"memory_mb": round(psutil.Process().memory_info().rss / 1e6)}


def _loop(cell: Cell) -> dict[str, Any]:
    from generator.bench.loops import LOOPS
    from generator.bench.network import network

    loop = LOOPS[cell.contender](network(cell.network), cell.streams, cell.form, cell.precision)
    loop.step()
    echo(ready=True)
    for seconds in (WARM_UP_S, cell.seconds):
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            loop.step()
            steps += 1
        taken = time.perf_counter() - began
    return {"tokens_per_second": steps * cell.streams / taken}


def _ours(cell: Cell) -> dict[str, Any]:
    """Tokens a second as they are drawn under the grammar, and the time of requests as people make them, from first to last."""
    from generator.composer.composer import Composer, open_lanes
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
    written: queue.SimpleQueue[Task] = queue.SimpleQueue()
    lanes = open_lanes(weights, cell.streams, written.put)
    single, turns = requests(), cycle(lanes)

    def ask(listener: Listener | None = None) -> None:
        next(turns).put([(Task(make_plan(next(single)), [None], listener), 0)])

    first: queue.SimpleQueue[int] = queue.SimpleQueue()
    ask(first.put)
    first.get(timeout=60)  # a bar is written
    echo(ready=True)
    for _ in range(2 * cell.streams):  # so that no row waits for its next tune
        ask()
    for _ in range(2 * cell.streams):  # until the tunes have fallen out of step
        written.get()
        ask()
    tokens, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < cell.seconds:
        tokens += sum(len(tune.tokens) - 1 for tune in written.get().candidates if tune)  # the first is given
        ask()
    for lane in lanes:
        lane.close()

    composer, many = Composer(weights), requests()
    times: list[float] = []
    _burst(composer, many, cell.streams, write)
    bursts, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < cell.seconds or not bursts:
        times += _burst(composer, many, cell.streams, write)
        bursts += 1
    composer.close()
    return {
        "tokens_per_second": tokens / taken,
        "tunes_per_second": cell.streams * bursts / spent,
        "abc_p50_ms": float(np.quantile(times, 0.5)) * 1000,
        "abc_p95_ms": float(np.quantile(times, 0.95)) * 1000,
        "requests": len(times),
        "precision": "int8",  # of the LSTM's products
    }


def _burst(composer: Any, requests: Iterator[Any], size: int, write: Any) -> list[float]:
    """So many ask at once: how long each waits for their ABC."""
    written: queue.SimpleQueue[tuple[float, Future[Any]]] = queue.SimpleQueue()
    began = time.perf_counter()
    for _ in range(size):
        composer.submit(next(requests)).add_done_callback(lambda future: written.put((time.perf_counter(), future)))
    times = []
    for _ in range(size):
        future = written.get()[1]
        write(future.result().score)
        times.append(time.perf_counter() - began)
    return times


def main() -> None:
    cell = Cell(**json.loads(sys.argv[1]))
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # else OpenVINO forks a process that reports its use
    try:
        echo(**measure(cell))
    except Exception as error:  # whatever a library raises: the parent shows it
        echo(error=f"{type(error).__name__}: {error}".splitlines()[0])
    os._exit(0)  # whatever threads are left


if __name__ == "__main__":
    main()
