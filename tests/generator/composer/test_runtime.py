"""The step function of each library gives the logits of the whole sequence, and rows are independent."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.model import ModelConfig, build
from generator.composer.openvino_runtime import SIZES, OpenVinoRuntime
from generator.composer.runtime import Runtime, open_runtime
from generator.composer.tensorflow_runtime import TensorFlowRuntime
from generator.composer.weights import Weights
from generator.notation.tokens import VOCABULARY
from tests.patience import HANG_S

RUNTIMES = [OpenVinoRuntime, TensorFlowRuntime]
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


# Tolerance of log-probabilities: OpenVINO multiplies 8-bit integers, of which the random weights use few.
TOLERANCES: dict[type, float] = {OpenVinoRuntime: 0.02, TensorFlowRuntime: 1e-5}


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
    runtime: type[OpenVinoRuntime | TensorFlowRuntime], config: ModelConfig
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
    runtime: type[OpenVinoRuntime | TensorFlowRuntime], weights: Weights
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
def test_a_row_does_not_depend_on_the_other_rows(runtime: type[OpenVinoRuntime | TensorFlowRuntime], weights: Weights) -> None:
    rows, others = random_inputs(8, 6), random_inputs(8, 6, seed=2)
    others[5] = rows[5]
    assert np.array_equal(stepped(runtime(weights, 8), rows)[5], stepped(runtime(weights, 8), others)[5])


@pytest.fixture(scope="module")
def of_all_sizes(weights: Weights) -> OpenVinoRuntime:
    return OpenVinoRuntime(weights, SIZES[-1])


def test_only_as_many_rows_are_computed_as_are_needed(of_all_sizes: OpenVinoRuntime, weights: Weights) -> None:
    assert [of_all_sizes.size(rows) for rows in (1, 4, 5, 17, 64, 65, 128)] == [4, 4, 16, 32, 64, 128, 128]
    assert [OpenVinoRuntime(weights, 3).size(rows) for rows in (1, 3)] == [3, 3]
    assert OpenVinoRuntime(weights, 20).size(17) == 20
    assert TensorFlowRuntime(weights, 3).size(1) == 3


def test_a_row_gives_the_same_bits_in_any_position_and_with_any_number_of_rows(of_all_sizes: OpenVinoRuntime) -> None:
    row, found = random_inputs(1, 12, seed=5), []
    for size in SIZES:
        for place in (0, size // 2, size - 1):
            rows = random_inputs(size, 12, seed=size + place)
            rows[place] = row
            found.append(stepped(of_all_sizes, rows)[place])
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_states_survive_a_change_of_the_number_of_rows(of_all_sizes: OpenVinoRuntime) -> None:
    rows = random_inputs(SIZES[0], 12, seed=6)
    steady = stepped(of_all_sizes, rows)
    for at, size in enumerate((4, 128, 128, 16, 4, 64, 16, 64, 4, 4, 128, 4)):
        wide = random_inputs(size, 1, seed=at)[:, 0]
        wide[: SIZES[0]] = rows[:, at]
        found = of_all_sizes.step(wide, np.full(size, at == 0))
        assert np.array_equal(found[: SIZES[0]], steady[:, at])


def test_a_row_that_was_not_computed_for_a_while_starts_from_an_empty_state(of_all_sizes: OpenVinoRuntime) -> None:
    stepped(of_all_sizes, random_inputs(128, 4))
    stepped(of_all_sizes, random_inputs(4, 2))
    rows = random_inputs(128, 3, seed=3)
    first = of_all_sizes.step(rows[:, 0], np.ones(128, np.bool_)).copy()
    stepped(of_all_sizes, random_inputs(128, 4, seed=8))
    assert np.array_equal(of_all_sizes.step(rows[:, 0], np.ones(128, np.bool_)), first)


def test_the_runtime_fits_this_machine(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.composer.runtime._has_gpu", lambda: False)
    assert isinstance(open_runtime(weights, 2), OpenVinoRuntime)
    monkeypatch.setattr("generator.composer.runtime._has_gpu", lambda: True)
    assert isinstance(open_runtime(weights, 2), TensorFlowRuntime)


def test_log_probabilities_cover_the_vocabulary_and_last_until_the_next_step(of_all_sizes: OpenVinoRuntime) -> None:
    logs = of_all_sizes.step(random_inputs(4, 1)[:, 0], np.ones(4, np.bool_))
    assert logs.shape == (4, len(VOCABULARY))
    assert logs.dtype == np.float32
    assert np.allclose(np.exp(logs).sum(1), 1, atol=1e-3)


def test_openvino_does_not_report_its_use() -> None:
    """In a process of its own, neither telemetry nor TensorFlow is imported."""
    code = (
        "import sys, generator.composer.openvino_runtime\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert sys.modules['openvino'].Core\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S)
    assert said.returncode == 0, said.stderr
