"""Learns the titles of the collections and writes new ones: `python -m training.titles`, about seven minutes on one core."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from generator.composer.titles import SHIPPED, save
from training.corpus.sources import RawTune, tunes
from training.titles.draw import ROUNDS, Network, new_titles
from training.titles.examples import examples, known
from training.titles.model import EPOCHS, UNITS, train
from training.titles.rules import Rules


def write(
    raw: Sequence[RawTune], path: Path, *, epochs: int = EPOCHS, units: int = UNITS, rounds: int = ROUNDS, seed: int = 1
) -> dict[str, float]:
    """Trains a model, writes its new titles into the file, and tells the figures."""
    began = time.monotonic()
    learned = examples(raw)
    model, figures = train(learned, epochs=epochs, units=units, seed=seed)
    names = [title for _, title in learned]
    found = new_titles(Network.of(model, names), Rules.of(names, known(raw)), rounds=rounds, seed=seed)
    save(found, path)
    return {
        **figures,
        **{f"new {rhythm or 'open'} titles": len(listed) for rhythm, listed in found.items()},
        "seconds": round(time.monotonic() - began, 1),
        "bytes": path.stat().st_size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.titles", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/corpus"), help="where irish.abc is kept")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the file to write")
    options = parser.parse_args()
    print(write(list(tunes(options.data)), options.out))  # noqa: T201


if __name__ == "__main__":
    main()
