"""Trains a very small model, in this process or as a command:

    python -m tests.training.tiny RUN --out WEIGHTS.npz --strategy mirrored|multiworker
    python -m tests.training.tiny RUN --epochs 3 --dropout 0.5 --averaging 0.9 --kill-in-epoch 1

`--kill-in-epoch 1` kills the process in the middle of the second epoch. `mirrored` uses two logical devices on this CPU.
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
from training.batches import Batch, Batches
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, Split
from training.strategy import open_strategy
from training.train import train

# TensorFlow rewrites a graph so that it runs faster, which takes longer than the few steps of such a run.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

# A few of the inputs, at least one of each kind: TensorFlow compiles the step of such a model in a third of the time.
COLUMNS = ("token", "position", "last_pitch", "pitch_part", "bars_left")
CONFIG = TrainConfig(
    name="tiny",
    model=ModelConfig(units=8, layers=1, embedding=8, feature_width=4, recall_width=4, dropout=0.0, columns=COLUMNS),
    batch_size=3,
    epochs=2,
    learning_rate=0.02,
    precision="float32",
)


def corpus(splits: Sequence[Split] = ("train",) * 8 + ("validation",) * 2 + ("test",) * 2) -> Corpus:
    entries = [
        Entry(f"book:{seed}", "x", "jig", "D", "6/8", f"book:{seed}", split, encode(read(text(melody(seed, 4)))))
        for seed, split in enumerate(splits)
    ]
    return Corpus(entries, [])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--averaging", type=float, default=0.0)
    parser.add_argument("--kill-in-epoch", type=int)
    parser.add_argument("--strategy")
    options = parser.parse_args()
    if options.strategy == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    else:
        strategy = open_strategy(options.strategy)
    if options.kill_in_epoch is not None:
        get_batch = Batches.__getitem__

        def get_batch_or_die(self: Batches, index: int) -> Batch:
            if self.epoch == options.kill_in_epoch and index == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return get_batch(self, index)

        Batches.__getitem__ = get_batch_or_die  # type: ignore[method-assign]
    config = replace(
        CONFIG,
        epochs=options.epochs,
        ema_momentum=options.averaging,
        model=replace(CONFIG.model, dropout=options.dropout, weight_dropout=options.dropout),
    )
    model = train(config, corpus(), options.run, verbose=0, strategy=strategy)
    if options.out:
        np.savez(options.out, *model.get_weights())


if __name__ == "__main__":
    main()
