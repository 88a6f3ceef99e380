"""Benchmarks training on the CPU in tokens per second: Keras' own LSTM against ours, which has the same gradients.

    .venv/bin/python -m tests.benchmarks.training_speed [--steps 20] [--time 256] [--layers 2 3] [--batch 32 64]

A step is forward, backward, clipping and AdamW on a batch of tunes of equal length with random tokens and features. The steps
of the variants take turns, so that other processes disturb all of them alike. Prints a table; run it on an idle machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generator.composer import model as composer
from generator.composer.model import HoistedLSTM, ModelConfig, build


def keras_lstm(units: int, *, weight_dropout: float, **options: Any) -> keras.layers.LSTM:
    return keras.layers.LSTM(units, **options)


VARIANTS = {
    "Keras LSTM, float32": (keras_lstm, "float32"),
    "Keras LSTM, bfloat16": (keras_lstm, "mixed_bfloat16"),
    "ours, float32": (HoistedLSTM, "float32"),
    "ours, bfloat16": (HoistedLSTM, "mixed_bfloat16"),
}
UNITS = 512


def make_step(layer: Callable[..., keras.layers.Layer], policy: str, layers: int, batch: int, length: int) -> Callable[[], float]:
    """Returns a function that trains one step and returns its duration in seconds."""
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(policy)
    config = ModelConfig(units=UNITS, layers=layers)
    setattr(composer, "HoistedLSTM", layer)  # noqa: B010  # mypy rejects an assignment to a class
    try:
        model = build(config)
    finally:
        setattr(composer, "HoistedLSTM", HoistedLSTM)  # noqa: B010
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05, clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, classes, (batch, length)) for classes, _ in config.inputs().values()]
    inputs = tf.constant(np.stack(columns, -1), tf.int32)
    targets = tf.constant(rng.integers(0, config.vocabulary, (batch, length)), tf.int32)

    signature = [tf.TensorSpec((None, None, len(columns)), tf.int32), tf.TensorSpec((None, None), tf.int32)]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
        optimizer.apply(tape.gradient(loss, [variable.value for variable in model.trainable_variables]))
        return loss

    def timed_step() -> float:
        started = time.perf_counter()
        float(step(inputs, targets))
        return time.perf_counter() - started

    timed_step()  # the first step includes tracing
    return timed_step


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--time", type=int, default=256, help="tokens per tune")
    parser.add_argument("--layers", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 64])
    options = parser.parse_args()
    print("| layers | batch | variant | tokens/s | × Keras float32 |\n|---|---|---|---|---|")
    for layers in options.layers:
        for batch in options.batch:
            steps = {name: make_step(*variant, layers, batch, options.time) for name, variant in VARIANTS.items()}
            seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
            for _ in range(options.steps):
                for name, step in steps.items():
                    seconds[name].append(step())
            speeds = {name: batch * options.time / statistics.median(found) for name, found in seconds.items()}
            for name, speed in speeds.items():
                times = speed / speeds["Keras LSTM, float32"]
                print(f"| {layers} × {UNITS} | {batch} | {name} | {speed:,.0f} | {times:.2f} |", flush=True)


if __name__ == "__main__":
    main()
