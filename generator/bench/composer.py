"""`tunesmith bench composer`: the composer with its grammar beside loops without one, in one run.

Each measurement is a process of its own, so that no library's threads or memory are another's; those that are compared with
each other run one after the other.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from generator.bench import processes
from generator.bench.cell import Cell
from generator.bench.network import NetworkName, network

STREAMS = (1, 8, 32, 128)
PACKAGES = ("numpy", "tensorflow-cpu", "tensorflow", "onnxruntime", "openvino", "torch")
PATIENCE_S = 300  # for a process to load and to warm up
OURS, EAGER = "ours", "eager"


@dataclass(frozen=True, slots=True)
class Contender:
    title: str
    libraries: tuple[str, ...]  # as they are imported
    forms: tuple[tuple[str, str], ...]  # and precisions; the fastest of them is shown
    networks: tuple[NetworkName, ...] = ("shipped", "lab")


CONTENDERS = {
    EAGER: Contender("eager Keras, as the lab", ("tensorflow",), (("", "float32"),)),
    "onnx": Contender(
        "ONNX Runtime", ("onnxruntime", "onnx"), (("tables", "float32"), ("embedded", "float32"), ("LSTM", "float32"))
    ),
    "openvino": Contender("OpenVINO", ("openvino",), (("", "bfloat16"), ("", "float32"))),
    "pytorch": Contender("PyTorch", ("torch",), (("", "bfloat16"), ("", "float32"))),
    OURS: Contender("Tunesmith, with grammar", (), (("", ""),), ("shipped",)),  # of its own precision
}
RIVALS = ("onnx", "openvino", "pytorch")


def bench(*, streams: Sequence[int], seconds: float, only: Sequence[str], echo: Callable[[str], None]) -> dict[str, Any]:
    """Measures the contenders in `only`, all without it; `say` hears of each as it is done. Raises WeightsError."""
    networks: tuple[NetworkName, ...] = ("shipped", "lab")
    known = {name: network(name) for name in networks}
    chosen = {name: contender for name, contender in CONTENDERS.items() if name in (only or CONTENDERS)}
    missing = {name: [library for library in contender.libraries if not find_spec(library)] for name, contender in chosen.items()}
    found: dict[str, Any] = {
        "streams": list(streams),
        "machine": processes.machine(PACKAGES),
        "memory_gb_per_second": round(memory_bandwidth() / 1e9, 1),
        "seconds": seconds,
        "networks": {name: {"about": it.about, "weights_per_step": it.weights_a_step} for name, it in known.items()},
        "not_installed": {name: libraries for name, libraries in missing.items() if libraries},
        "cells": [],
    }
    for rows in streams:
        for name in networks:
            for contender, what in chosen.items():
                for form, precision in what.forms if name in what.networks and not missing[contender] else ():
                    cell = Cell(contender, form, precision, name, rows, seconds)
                    result = asdict(cell) | run(cell)
                    found["cells"].append(result)
                    speed = f"{result['tokens_per_second']:,.0f} a second" if "error" not in result else result["error"]
                    title = " ".join(filter(None, (what.title, form, precision)))
                    echo(f"{name}, {rows} {'stream' if rows == 1 else 'streams'}, {title}: {speed}")
    found["comparison"] = [compare(found, rows) for rows in streams if _best(found, OURS, "shipped", rows)]
    return found


def run(cell: Cell) -> dict[str, Any]:
    """Starts a process for the cell → what it measured, and how long it took to be ready; or `error`, a sentence."""
    patience_s = PATIENCE_S + 20 * cell.seconds
    return processes.run("generator.bench.cell", asdict(cell), patience_s=patience_s, wanted="tokens_per_second")


def memory_bandwidth() -> float:
    """Bytes a second that all cores together read from memory: sums over 1 GiB, the best of five."""
    cores = os.cpu_count() or 1
    parts = np.array_split(np.ones(2**27, np.int64), cores)
    times = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(5):
            began = time.perf_counter()
            list(pool.map(np.sum, parts))
            times.append(time.perf_counter() - began)
    return sum(part.nbytes for part in parts) / min(times)


def compare(found: dict[str, Any], streams: int) -> dict[str, Any]:
    """Our tokens a second as a multiple of the others', and of the floor."""
    ours = _best(found, OURS, "shipped", streams)
    assert ours
    speed = float(ours["tokens_per_second"])
    rivals = [cell for name in RIVALS if (cell := _best(found, name, "shipped", streams))]
    rival = max(rivals, key=_speed, default=None)
    size = {"int8": 1, "bfloat16": 2, "float32": 4}[ours["precision"]] * found["networks"]["shipped"]["weights_per_step"]
    floor = streams * found["memory_gb_per_second"] * 1e9 / size
    result = {"streams": streams, "floor_tokens_per_second": floor, "of_floor": speed / floor}
    if rival:
        result |= {"best_rival": rival["contender"], "times_best_rival": speed / _speed(rival)}
    for of in ("shipped", "lab"):  # the lab's loop has one stream
        if eager := _best(found, EAGER, of, 1):
            result[f"times_eager_{of}_one_stream"] = speed / _speed(eager)
    return result


def _speed(cell: dict[str, Any]) -> float:
    return float(cell["tokens_per_second"])


def _best(found: dict[str, Any], contender: str, of: str, streams: int) -> dict[str, Any] | None:
    """The fastest form of a contender."""
    wanted = contender, of, streams
    cells = [cell for cell in found["cells"] if (cell["contender"], cell["network"], cell["streams"]) == wanted]
    return max((cell for cell in cells if "tokens_per_second" in cell), key=_speed, default=None)


def table(found: dict[str, Any]) -> str:
    """What was measured, as text."""
    machine = found["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {found['memory_gb_per_second']:.0f} GB/s from memory, "
        f"{machine['busy_percent']:.0f} % busy before; {found['seconds']:g} s each",
        ", ".join(f"{name} {number}" for name, number in machine["versions"].items()),
    ]
    for of, about in found["networks"].items():
        lines += ["", f"{about['about'][:1].upper()}{about['about'][1:]}: tokens a second", _header(found)]
        for name, contender in CONTENDERS.items():
            cells = [_best(found, name, of, streams) for streams in found["streams"]]
            if any(cells):
                lines.append(_row(contender, cells))
            elif name in found["not_installed"]:
                lines.append(f"{contender.title:<26}not installed (see README: bench group)")
    if found["comparison"]:
        lines += ["", *_ours(found)]
    for cell in found["cells"]:
        if "error" in cell:
            what = " ".join(filter(None, (CONTENDERS[cell["contender"]].title, cell["form"], cell["precision"])))
            lines += ["", f"{what} failed at {cell['streams']} streams ({cell['network']}): {cell['error']}"]
    return "\n".join(lines)


def _header(found: dict[str, Any]) -> str:
    return f"{'streams':<26}{''.join(f'{streams:>11,}' for streams in found['streams'])}{'memory':>11}{'ready':>8}  best form"


def _row(contender: Contender, cells: Sequence[dict[str, Any] | None]) -> str:
    measured = [cell for cell in cells if cell]
    speeds = "".join(f"{_speed(cell):>11,.0f}" if cell else f"{'–':>11}" for cell in cells)
    memory = max(cell["memory_mb"] for cell in measured)
    ready = statistics.median(cell["ready_s"] for cell in measured)
    forms = dict.fromkeys(f"{cell['form']} {cell['precision']}".strip() for cell in measured)
    return f"{contender.title:<26}{speeds}{memory:>8,} MB{ready:>6.1f} s  {', '.join(forms)}"


def _ours(found: dict[str, Any]) -> Iterator[str]:
    yield "Tunesmith; × as many tokens a second as others, the eager loops with one stream; the floor: weights read once a step"
    yield (
        f"{'streams':>7}{'tunes/s':>9}{'ABC p50':>10}{'p95':>10}{'× best rival':>24}{'× eager':>10}{'× eager, lab':>14}"
        f"{'of the floor':>14}"
    )
    for compared in found["comparison"]:
        cell = _best(found, OURS, "shipped", compared["streams"])
        assert cell
        rival = f"{compared['times_best_rival']:.2f} {compared['best_rival']}" if "best_rival" in compared else "–"
        eager = [compared.get(f"times_eager_{of}_one_stream") for of in ("shipped", "lab")]
        times = [f"{value:,.0f}" if value else "–" for value in eager]
        yield (
            f"{cell['streams']:>7}{cell['tunes_per_second']:>9,.1f}{cell['abc_p50_ms']:>7,.0f} ms{cell['abc_p95_ms']:>7,.0f} ms"
            f"{rival:>24}{times[0]:>10}{times[1]:>14}{compared['of_floor']:>13.0%}"
        )
