"""A very small run, in this process or in one of its own:

    python -m tests.training.tiny RUN --out WEIGHTS.npz --strategy mirrored|multiworker
    python -m tests.training.tiny RUN --epochs 3 --dropout 0.5 --averaging 0.9 --die 1

`--die 1` ends the process by kill -9 in the midst of the second epoch; mirrored is on two devices made of this CPU.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from generator.composer.model import ModelConfig
from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import melody, text
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry
from training.dataset import Batches
from training.strategy import named
from training.train import train

CONFIG = TrainConfig(
    name="tiny",
    model=ModelConfig(units=8, layers=1, embedding=8, feature_width=4, recall_width=4, dropout=0.0),
    batch=3,
    epochs=2,
    learning_rate=0.02,
    mixed_precision=False,
)


def corpus(sides: Sequence[str] = ("train",) * 8 + ("validation",) * 2 + ("test",) * 2) -> Corpus:
    entries = [
        Entry(f"book:{seed}", "x", "jig", "D", "6/8", f"book:{seed}", side, encode(read(text(melody(seed, 4)))))
        for seed, side in enumerate(sides)
    ]
    return Corpus(entries, [])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--averaging", type=float, default=0.0)
    parser.add_argument("--die", type=int)
    parser.add_argument("--strategy")
    asked = parser.parse_args()
    if asked.strategy == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    else:
        strategy = named(asked.strategy)
    if asked.die is not None:
        deal = Batches.__getitem__

        def deadly(self, index):
            if self.epoch == asked.die and index == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return deal(self, index)

        Batches.__getitem__ = deadly  # type: ignore[method-assign]
    config = replace(
        CONFIG,
        epochs=asked.epochs,
        weight_averaging=asked.averaging,
        model=replace(CONFIG.model, dropout=asked.dropout),
    )
    model = train(config, corpus(), asked.run, verbose=0, strategy=strategy)
    if asked.out:
        np.savez(asked.out, *model.get_weights())


if __name__ == "__main__":
    main()
