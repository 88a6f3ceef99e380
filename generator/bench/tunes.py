"""Composes the tunes that renderers are measured with, in a process of its own, which bench.rendering starts.

Run as `python -m generator.bench.tunes '{"count": 50}'`. Writes a line of JSON with two selections: `count` tunes of about
45 s, and `count` tunes of all rhythms in turn. With the same model, a larger selection begins with the smaller one.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from generator.bench.processes import report

SHORTEST_S, LONGEST_S = 42, 48
NEAR, MIXED = "about 45 s", "all rhythms"  # names of the selections


def compose(count: int) -> dict[str, list[dict[str, Any]]]:
    """Selection → tunes, each with `abc` and `playing_s`, its playing time."""
    from generator.composer.composer import Composer
    from generator.composer.weights import load_weights
    from generator.notation.metres import RHYTHMS
    from generator.notation.structure import play_order
    from generator.notation.tempo import playing_time_s
    from generator.notation.writer import write
    from generator.request import TuneRequest

    composer, rhythms = Composer(load_weights()), list(RHYTHMS)
    found: dict[str, list[dict[str, Any]]] = {NEAR: [], MIXED: []}
    seed = 0
    while any(len(tunes) < count for tunes in found.values()):
        seeds = range(seed, seed := seed + 2 * len(rhythms))
        for composed in composer.compose([TuneRequest.check(seed=each, rhythm=rhythms[each % len(rhythms)]) for each in seeds]):
            score = composed.score
            seconds = playing_time_s(score, play_order(score.bars, score.order))
            for name in (MIXED, NEAR) if SHORTEST_S <= seconds <= LONGEST_S else (MIXED,):
                found[name].append({"abc": write(score), "playing_s": round(seconds, 1)})
    composer.close()
    return {name: tunes[:count] for name, tunes in found.items()}


def main() -> None:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # or OpenVINO starts a process that reports its use
    try:
        report(tunes=compose(json.loads(sys.argv[1])["count"]))
    except Exception as error:  # whatever a library raises, the parent process shows it
        report(error=f"{type(error).__name__}: {error}".splitlines()[0])
    os._exit(0)  # does not wait for threads that are left


if __name__ == "__main__":
    main()
