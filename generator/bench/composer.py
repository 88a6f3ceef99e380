"""`tunesmith bench composer`: compares the composer, grammar included, with step loops without a grammar.

Each measurement runs in a process of its own, so that libraries share neither threads nor memory, one after the other.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from generator.bench import processes
from generator.bench.composer_cell import ComposerCell
from generator.bench.network import NetworkName, network
from generator.composer.processor import PROCESSOR

STREAMS = (1, 8, 32, 128)
PACKAGES = ("numpy", "tensorflow-cpu", "tensorflow", "onnxruntime", "openvino", "torch")
# Instruction sets to which a run is limited → the variables for that. ONNX Runtime has none: it always uses all instructions.
LIMITS: dict[str, dict[str, str]] = {
    "": {},
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
}
START_TIMEOUT_S = 300  # for a process to load and to warm up
OURS, EAGER = "ours", "eager"


@dataclass(frozen=True, slots=True)
class Contender:
    """What is measured: the composer, or a step loop with one library."""

    title: str
    libraries: tuple[str, ...]  # names of the modules that it imports
    forms: tuple[tuple[str, str], ...]  # (form, precision); the fastest is shown
    networks: tuple[NetworkName, ...] = ("shipped", "lab")


CONTENDERS = {
    EAGER: Contender("eager Keras, as the lab", ("tensorflow",), (("", "float32"),)),
    "onnx": Contender(
        "ONNX Runtime", ("onnxruntime", "onnx"), (("tables", "float32"), ("embedded", "float32"), ("LSTM", "float32"))
    ),
    "openvino": Contender(
        "OpenVINO",
        ("openvino",),
        (("", "bfloat16"), ("", "float32"), ("8 bits", "bfloat16"), ("8 bits", "float32"), ("8-bit weights", "float32")),
    ),
    "pytorch": Contender("PyTorch", ("torch",), (("", "bfloat16"), ("", "float32"))),
    OURS: Contender("Tunesmith, with grammar", (), (("", ""),), ("shipped",)),  # it chooses its instructions
}
_KEYS = ("contender", "network", "streams", "limit")
RIVALS = ("onnx", "openvino", "pytorch")


def bench(*, streams: Sequence[int], seconds: float, only: Sequence[str], echo: Callable[[str], None]) -> dict[str, Any]:
    """Measures the contenders in `only`, by default all, with all instructions and with AVX2 alone. Raises WeightsError.

    streams: numbers of tunes at the same time; seconds: length of each measurement; echo: prints a line for each result
    """
    networks: tuple[NetworkName, ...] = ("shipped", "lab")
    known = {name: network(name) for name in networks}
    chosen = {name: contender for name, contender in CONTENDERS.items() if name in (only or CONTENDERS)}
    missing = {name: [library for library in contender.libraries if not find_spec(library)] for name, contender in chosen.items()}
    results: dict[str, Any] = {
        "streams": list(streams),
        "machine": processes.machine(PACKAGES) | {"instruction_sets": PROCESSOR.instruction_sets},
        "limits": ["", *(["AVX2"] if "avx512bw" in PROCESSOR.features else [])],
        "memory_gb_per_second": round(memory_bandwidth() / 1e9, 1),
        "seconds": seconds,
        "networks": {name: {"about": each.about, "weights_per_step": each.weights_per_step} for name, each in known.items()},
        "not_installed": {name: libraries for name, libraries in missing.items() if libraries},
        "cells": [],
    }
    installed = {name: contender for name, contender in chosen.items() if not missing[name]}
    for cell in _cells(installed, networks, streams, seconds, results["limits"]):
        result = asdict(cell) | run(cell)
        results["cells"].append(result)
        speed = f"{result['tokens_per_second']:,.0f} per second" if "error" not in result else result["error"]
        title = " ".join(filter(None, (CONTENDERS[cell.contender].title, cell.form, cell.precision, cell.limit)))
        echo(f"{cell.network}, {cell.streams} {'stream' if cell.streams == 1 else 'streams'}, {title}: {speed}")
    results["comparison"] = [
        compare(results, rows, limit)
        for limit in results["limits"]
        for rows in streams
        if _best(results, OURS, "shipped", rows, limit)
    ]
    return results


def _cells(
    contenders: Mapping[str, Contender],
    networks: Sequence[NetworkName],
    streams: Sequence[int],
    seconds: float,
    limits: Sequence[str],
) -> Iterator[ComposerCell]:
    """What to measure: with the limit directly after without it.

    Two forms cannot be limited: AVX2 has no instructions for bfloat16, and OpenVINO asks the processor, not the limit, how it
    may multiply with 8-bit weights, and then fails.
    """
    for rows in streams:
        for name in networks:
            for contender, what in contenders.items():
                for form, precision in what.forms if name in what.networks else ():
                    for limit in limits:
                        if not (limit and (precision == "bfloat16" or form == "8-bit weights")):
                            yield ComposerCell(contender, form, precision, name, rows, seconds, limit)


def run(cell: ComposerCell) -> dict[str, Any]:
    """Measures a cell in a process: its result and `ready_s`, the start-up time; or `error`, a message."""
    timeout_s = START_TIMEOUT_S + 20 * cell.seconds
    return processes.run(
        "generator.bench.composer_cell",
        asdict(cell),
        timeout_s=timeout_s,
        result_key="tokens_per_second",
        environment=LIMITS[cell.limit],
    )


def memory_bandwidth() -> float:
    """Bytes per second that all cores together read from memory: the best of five sums over 1 GiB."""
    cores = os.cpu_count() or 1
    parts = np.array_split(np.ones(2**27, np.int64), cores)
    times = []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(5):
            began = time.perf_counter()
            list(pool.map(np.sum, parts))
            times.append(time.perf_counter() - began)
    return sum(part.nbytes for part in parts) / min(times)


def compare(results: dict[str, Any], streams: int, limit: str) -> dict[str, Any]:
    """Our tokens per second as a multiple of the other contenders' and of the floor.

    The floor is the speed at which reading the weights from memory once per step would take all the time.
    """
    ours = _best(results, OURS, "shipped", streams, limit)
    assert ours
    speed = float(ours["tokens_per_second"])
    rivals = [cell for name in RIVALS if (cell := _best(results, name, "shipped", streams, limit))]
    rival = max(rivals, key=_speed, default=None)
    size = {"int8": 1, "bfloat16": 2, "float32": 4}[ours["precision"]] * results["networks"]["shipped"]["weights_per_step"]
    floor = streams * results["memory_gb_per_second"] * 1e9 / size
    result = {"streams": streams, "limit": limit, "floor_tokens_per_second": floor, "of_floor": speed / floor}
    if rival:
        result |= {"best_rival": _form(rival), "times_best_rival": speed / _speed(rival)}
    for name in ("shipped", "lab"):
        if eager := _best(results, EAGER, name, 1, limit):  # the lab composes one tune at a time
            result[f"times_eager_{name}_one_stream"] = speed / _speed(eager)
    return result


def _speed(cell: dict[str, Any]) -> float:
    return float(cell["tokens_per_second"])


def _form(cell: dict[str, Any]) -> str:
    return " ".join(filter(None, (cell["contender"], cell["form"], cell["precision"])))


def _best(results: dict[str, Any], contender: str, network: str, streams: int, limit: str) -> dict[str, Any] | None:
    """The result of a contender's fastest form."""
    wanted = contender, network, streams, limit
    cells = [cell for cell in results["cells"] if tuple(cell[key] for key in _KEYS) == wanted]
    return max((cell for cell in cells if "tokens_per_second" in cell), key=_speed, default=None)


def table(results: dict[str, Any]) -> str:
    """The results as text."""
    machine = results["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {results['memory_gb_per_second']:.0f} GB/s from memory, "
        f"{machine['busy_percent']:.0f} % busy before; {results['seconds']:g} s each",
        ", ".join(f"{name} {number}" for name, number in machine["versions"].items()),
    ]
    lines.append(f"Instruction sets: {machine['instruction_sets']}")
    for limit in results["limits"]:
        for network_name, about in results["networks"].items():
            limited = f", limited to {limit} (ONNX Runtime cannot be limited)" if limit else ""
            lines += ["", f"{about['about'][:1].upper()}{about['about'][1:]}{limited}: tokens per second", _header(results)]
            for name, contender in CONTENDERS.items():
                cells = [_best(results, name, network_name, streams, limit) for streams in results["streams"]]
                if any(cells):
                    lines.append(_row(contender, cells))
                elif name in results["not_installed"]:
                    lines.append(f"{contender.title:<26}not installed (see README: bench group)")
    if results["comparison"]:
        lines += ["", *_ours(results)]
    for cell in results["cells"]:
        if "error" in cell:
            what = " ".join(filter(None, (CONTENDERS[cell["contender"]].title, cell["form"], cell["precision"])))
            lines += ["", f"{what} failed at {cell['streams']} streams ({cell['network']}): {cell['error']}"]
    return "\n".join(lines)


def _header(results: dict[str, Any]) -> str:
    return f"{'streams':<26}{''.join(f'{streams:>11,}' for streams in results['streams'])}{'memory':>11}{'ready':>8}  best form"


def _row(contender: Contender, cells: Sequence[dict[str, Any] | None]) -> str:
    measured = [cell for cell in cells if cell]
    speeds = "".join(f"{_speed(cell):>11,.0f}" if cell else f"{'–':>11}" for cell in cells)
    memory = max(cell["memory_mb"] for cell in measured)
    ready = statistics.median(cell["ready_s"] for cell in measured)
    forms = dict.fromkeys(f"{cell['form']} {cell['precision']}".strip() for cell in measured)
    return f"{contender.title:<26}{speeds}{memory:>8,} MB{ready:>6.1f} s  {', '.join(forms)}"


def _ours(results: dict[str, Any]) -> Iterator[str]:
    yield "Tunesmith; × is tokens per second divided by the others' (eager: one stream); the floor: weights read once per step"
    yield (
        f"{'streams':>7}{'':>6}{'tunes/s':>9}{'ABC p50':>10}{'p95':>10}{'× best rival':>38}{'× eager':>10}{'× eager, lab':>14}"
        f"{'of the floor':>14}"
    )
    for compared in results["comparison"]:
        cell = _best(results, OURS, "shipped", compared["streams"], compared["limit"])
        assert cell
        rival = f"{compared['times_best_rival']:.2f} {compared['best_rival']}" if "best_rival" in compared else "–"
        eager = [compared.get(f"times_eager_{network}_one_stream") for network in ("shipped", "lab")]
        times = [f"{value:,.0f}" if value else "–" for value in eager]
        yield (
            f"{cell['streams']:>7}{cell['limit']:>6}{cell['tunes_per_second']:>9,.1f}{cell['abc_p50_ms']:>7,.0f} ms"
            f"{cell['abc_p95_ms']:>7,.0f} ms"
            f"{rival:>38}{times[0]:>10}{times[1]:>14}{compared['of_floor']:>13.0%}"
        )
