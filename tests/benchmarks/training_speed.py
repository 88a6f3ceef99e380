"""Tokens a second in training on the CPU: Keras' own LSTM against ours, whose gradients are the same.

    .venv/bin/python -m tests.benchmarks.training_speed [--steps 20] [--time 256] [--layers 2 3] [--batch 32 64]

A step is forward, backward, clipping and AdamW on a batch of whole tunes of one length, random tokens in all columns; the
steps of the ways take turns, so that another process disturbs all alike. Prints a table; run it on an idle machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from generator.composer import model as composer
from generator.composer.model import HoistedLSTM, ModelConfig, build

WAYS = {
    "Keras LSTM, float32": (keras.layers.LSTM, "float32"),
    "Keras LSTM, bfloat16": (keras.layers.LSTM, "mixed_bfloat16"),
    "ours, float32": (HoistedLSTM, "float32"),
    "ours, bfloat16": (HoistedLSTM, "mixed_bfloat16"),
}
UNITS = 512


def stepper(layer: type, policy: str, layers: int, batch: int, length: int) -> Callable[[], float]:
    """A function that trains one step and returns its seconds."""
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(policy)
    config = ModelConfig(units=UNITS, layers=layers)
    composer.HoistedLSTM = layer
    try:
        model = build(config)
    finally:
        composer.HoistedLSTM = HoistedLSTM
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05, clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, classes, (batch, length)) for classes, _ in config.inputs().values()]
    inputs = tf.constant(np.stack(columns, -1), tf.int32)
    targets = tf.constant(rng.integers(0, config.vocabulary, (batch, length)), tf.int32)

    @tf.function(input_signature=[tf.TensorSpec((None, None, len(columns)), tf.int32), tf.TensorSpec((None, None), tf.int32)])
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
        optimizer.apply(tape.gradient(loss, [variable.value for variable in model.trainable_variables]))
        return loss

    def timed() -> float:
        started = time.perf_counter()
        float(step(inputs, targets))
        return time.perf_counter() - started

    timed()  # traces
    return timed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--time", type=int, default=256, help="tokens of a tune")
    parser.add_argument("--layers", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 64])
    asked = parser.parse_args()
    print("| layers | batch | way | tokens/s | × Keras float32 |\n|---|---|---|---|---|")
    for layers in asked.layers:
        for batch in asked.batch:
            steppers = {name: stepper(*way, layers, batch, asked.time) for name, way in WAYS.items()}
            seconds: dict[str, list[float]] = {name: [] for name in WAYS}
            for _ in range(asked.steps):
                for name, step in steppers.items():
                    seconds[name].append(step())
            speeds = {name: batch * asked.time / statistics.median(found) for name, found in seconds.items()}
            for name, speed in speeds.items():
                times = speed / speeds["Keras LSTM, float32"]
                print(f"| {layers} × {UNITS} | {batch} | {name} | {speed:,.0f} | {times:.2f} |", flush=True)


if __name__ == "__main__":
    main()
