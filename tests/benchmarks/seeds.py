"""Counts the seeds that give another tune with older instructions:

    .venv/bin/python -m tests.benchmarks.seeds [COUNT]

Each process is limited by ONEDNN_MAX_CPU_ISA, as if the processor were older. Prints JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import cycle

from generator.composer.composer import Composer
from generator.composer.integer_product import CHOSEN
from generator.composer.weights import load_weights
from generator.notation.metres import RHYTHMS
from generator.request import TuneRequest

LIMITS = ("", "AVX512_CORE", "AVX2_VNNI", "AVX2", "SSE41")


def tunes(count: int) -> list[str]:
    """The tokens of one tune for each seed, and what the model thought of them."""
    composer = Composer(load_weights())
    requests = [
        TuneRequest.check(seed=seed, rhythm=rhythm, candidates=1)
        for seed, rhythm in zip(range(count), cycle([None, *RHYTHMS]), strict=False)
    ]
    found = [" ".join([*tune.tokens, tune.bits_per_token.hex()]) for tune in composer.compose(requests)]
    composer.close()
    return found


def limited(limit: str, count: int) -> tuple[str, list[str]]:
    """The instructions that a limited process uses, and its tunes."""
    command = [sys.executable, "-m", "tests.benchmarks.seeds", str(count), "--tunes"]
    run = subprocess.run(command, env={**os.environ, "ONEDNN_MAX_CPU_ISA": limit}, stdout=subprocess.PIPE, text=True, check=True)
    instructions, found = json.loads(run.stdout)
    return instructions, found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    if "--tunes" in sys.argv:
        print(json.dumps([CHOSEN.name, tunes(count)]))
        return
    results = dict(limited(limit, count) for limit in LIMITS)
    first = next(iter(results.values()))
    differing = {name: sum(one != other for one, other in zip(first, found, strict=True)) for name, found in results.items()}
    print(json.dumps({"seeds": count, "other tunes": differing}, indent=1))


if __name__ == "__main__":
    main()
