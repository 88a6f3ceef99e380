"""Compares how long the composers of two checkouts take from a request to ABC:

    git worktree add ../earlier COMMIT
    .venv/bin/python -m tests.benchmarks.versions ../earlier [COUNT]

Both composers are kept ready and get the same requests by turns, so that other load slows down both alike. The environment,
for example ONEDNN_MAX_CPU_ISA=AVX2, is that of both; the earlier checkout uses this one's packages. Prints JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import IO

WARM_UP = 3  # tunes that are not counted
RHYTHMS = ("reel", "jig", "hornpipe", "polka", "slip jig", "waltz")
KEYS = ("D", "G", "Ador", "Em", "Amix")
CHILD = """
import json, sys, time
sys.modules["openvino_telemetry"] = None  # or OpenVINO starts a process that reports its use
began = time.perf_counter()
from generator.composer.composer import Composer
from generator.composer.weights import load_weights
from generator.notation.writer import write
from generator.request import TuneRequest
composer = Composer(load_weights())
print(json.dumps(time.perf_counter() - began), flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    tune = composer.submit(TuneRequest.check(**json.loads(line))).result()
    write(tune.score)
    print(json.dumps([time.perf_counter() - began, len(tune.tokens)]), flush=True)
"""


class Version:
    """The composer of a checkout, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        variables = {**os.environ, "PYTHONPATH": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD], cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdin and self.process.stdout
        self._requests: IO[str] = self.process.stdin
        self._answers: IO[str] = self.process.stdout
        self.ready_s = float(self._answers.readline())
        self.times_ms: list[float] = []
        self.tokens: list[int] = []

    def compose(self, number: int) -> None:
        request = {"seed": number, "candidates": 8, "rhythm": RHYTHMS[number % len(RHYTHMS)], "key": KEYS[number % len(KEYS)]}
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        seconds, tokens = json.loads(self._answers.readline())
        if number >= WARM_UP:
            self.times_ms.append(1000 * seconds)
            self.tokens.append(tokens)

    def summary(self) -> dict[str, float]:
        return {
            "ready_s": round(self.ready_s, 2),
            "p50_ms": round(statistics.median(self.times_ms), 1),
            "p95_ms": round(statistics.quantiles(self.times_ms, n=20)[-1], 1),
            "fastest_ms": round(min(self.times_ms), 1),
            "tokens_p50": statistics.median(self.tokens),
        }

    def close(self) -> None:
        self._requests.close()
        self.process.wait(60)


def main() -> None:
    earlier, count = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 50
    versions = {"earlier": Version(earlier), "this": Version(Path.cwd())}
    for number in range(WARM_UP + count):
        for version in versions.values():
            version.compose(number)
    for version in versions.values():
        version.close()
    found: dict[str, object] = {name: version.summary() for name, version in versions.items()}
    medians = [statistics.median(version.times_ms) for version in versions.values()]
    print(json.dumps(found | {"times_as_fast": round(medians[0] / medians[1], 2)}, indent=1))


if __name__ == "__main__":
    main()
