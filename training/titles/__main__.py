"""Trains the title model and writes new titles: `python -m training.titles`, about seven minutes on one core."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from generator.composer.titles import SHIPPED, save
from training.corpus.sources import RawTune, tunes
from training.titles.dataset import known_titles, training_titles
from training.titles.generate import ROUNDS, NumpyTitleModel, generate_titles
from training.titles.model import EPOCHS, UNITS, train
from training.titles.title_filter import TitleFilter


def write_titles(
    raw: Sequence[RawTune], path: Path, *, epochs: int = EPOCHS, units: int = UNITS, rounds: int = ROUNDS, seed: int = 1
) -> dict[str, float]:
    """Trains a model, writes its new titles to `path` and returns figures about the run."""
    started = time.monotonic()
    examples = training_titles(raw)
    model, figures = train(examples, epochs=epochs, units=units, seed=seed)
    titles = [title for _, title in examples]
    title_filter = TitleFilter.of(titles, known_titles(raw))
    generated = generate_titles(NumpyTitleModel.of(model, titles), title_filter, rounds=rounds, seed=seed)
    save(generated, path)
    return {
        **figures,
        **{f"new titles for {rhythm or 'any rhythm'}": len(new) for rhythm, new in generated.items()},
        "seconds": round(time.monotonic() - started, 1),
        "bytes": path.stat().st_size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.titles", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/corpus"), help="folder with irish.abc")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the file to write")
    options = parser.parse_args()
    print(write_titles(list(tunes(options.data)), options.out))  # noqa: T201


if __name__ == "__main__":
    main()
