"""The step function of each library gives the logits of the whole sequence, and rows are independent."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from generator.composer.batch import DONE, Batch
from generator.composer.cpu_runtime import CpuRuntime
from generator.composer.features import INPUTS, inputs_of
from generator.composer.integer_product import CHOSEN
from generator.composer.model import ModelConfig, build
from generator.composer.plan import make_plan
from generator.composer.runtime import Runtime, open_runtime
from generator.composer.tensorflow_runtime import TensorFlowRuntime
from generator.composer.weights import Weights, load_weights
from generator.notation.tokens import VOCABULARY
from generator.request import TuneRequest
from tests.patience import HANG_S

RUNTIMES = [CpuRuntime, TensorFlowRuntime]
CONFIG = ModelConfig(units=64, layers=2, embedding=16, feature_width=4, recall_width=4)
CLASSES = list(INPUTS.values())


def weights_for(config: ModelConfig) -> Weights:
    """Random weights as large as trained ones. Keras' initial weights are smaller, and zero in the skip connection."""
    rng = np.random.default_rng(4)
    inputs = config.inputs()
    arrays = {f"{name}_embedding/embeddings": rng.normal(size=shape) for name, shape in inputs.items()}
    if config.skip_gain:
        spoken = {name: classes for name, (classes, _) in inputs.items() if name in config.skipped_inputs()}
        arrays |= {f"{name}_skip/embeddings": rng.normal(0, 0.03, (size, config.vocabulary)) for name, size in spoken.items()}
    width = sum(width for _, width in inputs.values())
    for layer in range(config.layers):
        for name, rows in (("kernel", width), ("recurrent_kernel", config.units)):
            arrays[f"lstm_{layer}/{name}"] = rng.normal(0, rows**-0.5, (rows, 4 * config.units))
        arrays[f"lstm_{layer}/bias"] = rng.normal(0, 0.3, 4 * config.units)
        width = config.units
    arrays["logits/kernel"] = rng.normal(0, 0.5, (config.units, config.vocabulary))
    arrays["logits/bias"] = rng.normal(0, 0.5, config.vocabulary)
    return Weights({name: array.astype(np.float32) for name, array in arrays.items()}, {"model": asdict(config)})


@pytest.fixture(scope="module")
def weights() -> Weights:
    return weights_for(CONFIG)


def random_inputs(rows: int, steps: int, seed: int = 1) -> np.ndarray:
    """Random inputs: (rows, steps, columns)."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, classes, (rows, steps)) for classes in CLASSES], -1).astype(np.int32)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    result: np.ndarray = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return result


def whole(weights: Weights, config: ModelConfig, rows: np.ndarray) -> np.ndarray:
    """The log-probabilities of the training model for whole sequences."""
    model = build(config)
    for layer in model.layers:
        if layer.trainable_variables:
            layer.set_weights([weights.arrays[f"{layer.name}/{v.path.split('/')[-1]}"] for v in layer.trainable_variables])
    return np.asarray(model(rows))


def stepped(runtime: Runtime, rows: np.ndarray) -> np.ndarray:
    """The log-probabilities of a runtime, step by step: (rows, steps, vocabulary)."""
    first = [np.full(len(rows), at == 0) for at in range(rows.shape[1])]
    return np.stack([runtime.step(rows[:, at], begins).copy() for at, begins in enumerate(first)], 1)


# Tolerance of log-probabilities: on a CPU, products are of 8-bit integers, of which the random weights use few.
TOLERANCES: dict[type, float] = {CpuRuntime: 0.02, TensorFlowRuntime: 1e-5}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        ModelConfig(
            units=32, layers=1, embedding=8, feature_width=4, recall_width=0, skip_gain=0, columns=("token", "position", "bar")
        ),
        ModelConfig(
            units=32,
            layers=3,
            embedding=8,
            feature_width=4,
            recall_width=4,
            skip_gain=3.0,
            columns=("token", "remaining", "last_pitch"),
        ),
    ],
    ids=["all", "few columns", "three layers"],
)
def test_steps_give_the_same_log_probabilities_as_the_whole_sequence(
    runtime: type[CpuRuntime | TensorFlowRuntime], config: ModelConfig
) -> None:
    weights, rows = weights_for(config), random_inputs(3, 40)
    expected = log_softmax(whole(weights, config, rows))
    found = stepped(runtime(weights, 3), rows)
    spread = expected.std()
    assert spread > 0.5
    assert np.abs(found - expected).max() < 8 * TOLERANCES[runtime] * spread
    assert np.sqrt(np.mean((found - expected) ** 2)) < TOLERANCES[runtime] * spread


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_row_with_a_new_tune_loses_its_state_and_the_others_do_not(
    runtime: type[CpuRuntime | TensorFlowRuntime], weights: Weights
) -> None:
    used, fresh = runtime(weights, 8), runtime(weights, 8)
    stepped(used, random_inputs(8, 3))
    row, begins = random_inputs(8, 1, seed=2)[:, 0], np.arange(8) == 3
    begun = used.step(row, begins).copy()
    clean = fresh.step(row, np.ones(8, np.bool_))
    assert np.array_equal(begun[3], clean[3])
    for other in (0, 2, 4, 7):
        assert not np.allclose(begun[other], clean[other], atol=0.1)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_row_does_not_depend_on_the_other_rows(runtime: type[CpuRuntime | TensorFlowRuntime], weights: Weights) -> None:
    rows, others = random_inputs(8, 6), random_inputs(8, 6, seed=2)
    others[5] = rows[5]
    assert np.array_equal(stepped(runtime(weights, 8), rows)[5], stepped(runtime(weights, 8), others)[5])


def test_a_row_gives_the_same_bits_in_any_position_and_with_any_number_of_rows(weights: Weights) -> None:
    row, found = random_inputs(1, 12, seed=5), []
    for size in (1, 2, 4, 5, 16, 33):
        for position in {0, size // 2, size - 1}:
            rows = random_inputs(size, 12, seed=size + position)
            rows[position] = row
            found.append(stepped(CpuRuntime(weights, size), rows)[position])
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_what_has_not_changed_among_the_inputs_need_not_be_looked_up_again(weights: Weights) -> None:
    """The sums are the same whether the inputs change one by one or all at once."""
    runtime, fresh, rng = CpuRuntime(weights, 1), CpuRuntime(weights, 1), np.random.default_rng(6)
    inputs = random_inputs(1, 1)[:, 0]
    runtime.step(inputs, np.ones(1, np.bool_))
    for _ in range(60):
        column = rng.integers(len(CLASSES))
        inputs[0, column] = rng.integers(CLASSES[column])
        runtime.step(inputs, np.zeros(1, np.bool_))
    first = np.ones(1, np.bool_)
    fresh.step(inputs, first)
    for one, other in ((runtime._state.first, fresh._state.first), (runtime._state.skip, fresh._state.skip)):
        assert np.array_equal(one[0], other[0])


def test_the_shipped_model_loses_nothing_by_its_8_bit_integers() -> None:
    """Bits per token of tunes: within 0.5 % of those of the trained model in float32. docs/training.md has real test tunes."""
    weights = load_weights()
    plan, batch, runtime = make_plan(TuneRequest.check(rhythm="reel", key="Em", seed=5)), Batch(8), CpuRuntime(weights, 8)
    for row in range(8):
        batch.begin(row, plan, row)
    begins, active = np.ones(8, np.bool_), np.ones(8, np.bool_)
    while active.any():
        runtime.advance(batch, begins, active)
        active &= batch.events < DONE
    tunes = [inputs_of(batch.candidate(row).tokens, plan.key, plan.outline) for row in range(8)]
    steps = min(map(len, tunes))
    assert steps > 100
    rows = np.stack([tune[:steps] for tune in tunes])
    config = ModelConfig(**weights.card["model"])
    bits = [
        -np.take_along_axis(found[:, :-1], rows[:, 1:, :1], -1).mean() / np.log(2)
        for found in (log_softmax(whole(weights, config, rows)), stepped(CpuRuntime(weights, 8), rows))
    ]
    assert bits[1] == pytest.approx(bits[0], rel=0.005)


BITS = """
import hashlib, numpy as np
from generator.composer.cpu_runtime import CpuRuntime
from generator.composer.integer_product import CHOSEN, MOST, multiply, quantize
from tests.generator.composer.test_runtime import CONFIG, random_inputs, stepped, weights_for
for sign in (1, -1):  # the greatest sums
    matrix, out = quantize(np.full((512, 64), sign, np.float32)), np.zeros((4, 64), np.int32)
    multiply(np.full((4, 512), 255, np.uint8), matrix.packed.ravel(), matrix.first, out)
    assert (out == sign * 127 * MOST * 512).all(), out
found = stepped(CpuRuntime(weights_for(CONFIG), 6), random_inputs(6, 30))
print(CHOSEN.name, hashlib.sha256(found.tobytes()).hexdigest(), sep=":")
"""


def test_every_processor_computes_the_same_bits() -> None:
    """In processes that may only use older instructions, as on older processors."""
    found = {}
    for limit in ("SSE41", "AVX2", ""):
        if limit == "" and CHOSEN.name == "AVX2":
            continue  # this processor has no newer ones
        limited = {**os.environ, "ONEDNN_MAX_CPU_ISA": limit}
        run = subprocess.run([sys.executable, "-c", BITS], capture_output=True, text=True, timeout=HANG_S, env=limited)
        assert run.returncode == 0, run.stderr
        name, found[limit] = run.stdout.strip().rsplit("\n", 1)[-1].split(":")
        assert not limit or name in ("AVX2", "portable")
    assert len(found) > 1 and len(set(found.values())) == 1, found


def test_the_runtime_fits_this_machine(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.composer.runtime._has_gpu", lambda: False)
    assert isinstance(open_runtime(weights, 2), CpuRuntime)
    monkeypatch.setattr("generator.composer.runtime._has_gpu", lambda: True)
    assert isinstance(open_runtime(weights, 2), TensorFlowRuntime)


def test_log_probabilities_cover_the_vocabulary(weights: Weights) -> None:
    logs = CpuRuntime(weights, 4).step(random_inputs(4, 1)[:, 0], np.ones(4, np.bool_))
    assert logs.shape == (4, len(VOCABULARY))
    assert logs.dtype == np.float32
    assert np.allclose(np.exp(logs).sum(1), 1, atol=1e-5)
