"""Measures the time from /tune to the posted message with a warm worker:

    .venv/bin/python -m tests.benchmarks.tune_latency [COUNT]

Everything is real except Discord, which is the stand-in on loopback. Prints JSON with times in milliseconds. Run it on an idle
machine.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from generator.notation.metres import RHYTHMS
from tests.end_to_end.tunesmith import Tunesmith
from tests.loopback.discord import FakeDiscord

WARM_UP = 2  # tunes that are not counted


async def measure(count: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with FakeDiscord() as discord:
            tunesmith = Tunesmith(Path(folder), discord.environment)
            await tunesmith.start()
            await discord.connected()
            totals, rhythms = [], list(RHYTHMS)
            for index in range(WARM_UP + count):
                started = time.perf_counter()
                await discord.slash("tune", rhythm=rhythms[index % len(rhythms)], seed=index)
                await discord.posted(count=index + 1, timeout_s=60)
                totals.append((time.perf_counter() - started) * 1000)
            await tunesmith.stop()
            events = [json.loads(line) for line in tunesmith.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    finished = [event for event in events if event["event"] == "tune finished"][WARM_UP:]
    parts = {
        "total": totals[WARM_UP:],
        "composing": [event["compose_ms"] for event in finished],
        "rendering": [event["render_ms"] for event in finished],
    }
    parts["queue, storage and delivery"] = [
        total - composing - rendering
        for total, composing, rendering in zip(parts["total"], parts["composing"], parts["rendering"], strict=True)
    ]
    return {name: _summary(values) for name, values in parts.items()}


def _summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered)),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]),
        "longest": round(ordered[-1]),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20)), indent=1))
