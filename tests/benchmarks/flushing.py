"""What it costs to flush a tune's files to the disk: milliseconds per tune, with and without.

    .venv/bin/python -m tests.benchmarks.flushing [FOLDER]

Writes files of usual sizes with the product's own code, 60 tunes one after the other, in a temporary folder in FOLDER.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from storage.files.files import Files

SIZES = (1_000, 6_000, 3_000, 1_400_000, 40_000, 120_000, 90_000, 20_000)  # bytes
TUNES = 60


async def milliseconds(files: Files) -> list[float]:
    taken = []
    for _ in range(TUNES):
        contents = [os.urandom(size) for size in SIZES]
        began = time.perf_counter()
        await files.write(contents)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def main(folder: str | None = None) -> None:
    fsync, calls = os.fsync, 0

    def count(descriptor: Any) -> None:
        nonlocal calls
        calls += 1
        fsync(descriptor)

    ways: dict[str, Callable[[Any], None]] = {"flushed": count, "not flushed": lambda descriptor: None}
    with tempfile.TemporaryDirectory(dir=folder) as target:
        files = Files.open(Path(target), None)
        asyncio.run(milliseconds(files))  # makes the subfolders
        for name, way in ways.items():
            os.fsync = way  # type: ignore[assignment]
            taken = asyncio.run(milliseconds(files))
            print(f"{name}: median {median(taken):.1f} ms, 95th percentile {quantiles(taken, n=20)[-1]:.1f} ms per tune")
        os.fsync = fsync
    print(f"{calls / TUNES:.1f} flushes per tune")


if __name__ == "__main__":
    main(*sys.argv[1:])
