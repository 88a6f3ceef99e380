"""Reads, writes and reads back every tune of the collections:

    .venv/bin/python -m tests.benchmarks.round_trip [--cache data/corpus]

Prints JSON: the share of tunes that read back as the same score (bars, notes, ornaments, grace notes, chord symbols,
header), the tunes that don't, and the CPU time of reading a tune in milliseconds.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from generator.notation.errors import NotationError
from generator.notation.reader import read
from generator.notation.writer import write
from training.corpus.sources import tunes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("data/corpus"))
    times: list[float] = []
    changed: list[str] = []
    refused = 0
    for tune in tunes(parser.parse_args().cache):
        started = time.process_time()
        try:
            score = read(tune.text)
        except NotationError:
            refused += 1
            continue
        times.append((time.process_time() - started) * 1000)
        try:
            same = read(write(score)) == score
        except NotationError:
            same = False
        if not same:
            changed.append(f"{tune.collection} {tune.text.partition(chr(10))[0]}")
    report = {
        "read": len(times),
        "refused": refused,
        "the same after writing": round(1 - len(changed) / len(times), 5),
        "changed": changed,
        "median ms": round(statistics.median(times), 2),
        "99th percentile ms": round(statistics.quantiles(times, n=100)[-1], 2),
        "longest ms": round(max(times), 2),
    }
    print(json.dumps(report, indent=1))
    sys.exit(bool(changed))


if __name__ == "__main__":
    main()
