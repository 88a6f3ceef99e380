"""The loops that the composer is compared with give the same results as the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from generator.bench.loops import LOOPS
from generator.bench.network import Network, from_weights, lab
from generator.composer.weights import Weights

ROWS, STEPS, UNITS, VOCABULARY = 5, 4, 24, 11
COLUMNS = {"token": (VOCABULARY, 8), "position": (6, 4), "pitch_1": (VOCABULARY, 4), "bars_left": (3, 4)}
FORMS = [
    ("eager", "Keras", "float32", None),
    ("onnx", "tables", "float32", "onnxruntime"),
    ("onnx", "embedded", "float32", "onnxruntime"),
    ("onnx", "LSTM", "float32", "onnxruntime"),
    ("openvino", "", "float32", "openvino"),
    ("openvino", "", "bfloat16", "openvino"),
    ("openvino", "8 bits", "float32", "openvino"),
    ("openvino", "8-bit weights", "float32", "openvino"),
    ("pytorch", "", "float32", "torch"),
    ("pytorch", "", "bfloat16", "torch"),
]


def small_network() -> Network:
    """A network like the shipped one, with random weights. The order of its arrays is not that of the inputs."""
    rng = np.random.default_rng(5)
    shapes: dict[str, tuple[int, ...]] = {f"{name}_embedding/embeddings": shape for name, shape in sorted(COLUMNS.items())}
    shapes |= {f"{name}_skip/embeddings": (COLUMNS[name][0], VOCABULARY) for name in ("bars_left", "token")}
    for layer, width in enumerate((sum(width for _, width in COLUMNS.values()), UNITS)):
        shapes |= {f"lstm_{layer}/kernel": (width, 4 * UNITS), f"lstm_{layer}/recurrent_kernel": (UNITS, 4 * UNITS)}
        shapes[f"lstm_{layer}/bias"] = (4 * UNITS,)
    shapes |= {"logits/kernel": (UNITS, VOCABULARY), "logits/bias": (VOCABULARY,)}
    arrays = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    model = {"layers": 2, "units": UNITS, "columns": [*COLUMNS, "unread"], "skip_gain": 4.0}
    return from_weights(Weights(arrays, {"name": "small", "model": model}))


def expected(network: Network, fed: list[np.ndarray]) -> list[np.ndarray]:
    """The logits of every step, by the textbook equations of an LSTM."""

    def sigmoid(x: np.ndarray) -> np.ndarray:
        result: np.ndarray = 1 / (1 + np.exp(-x))
        return result

    h = [np.zeros((len(fed[0]), network.units))] * len(network.recurrent)
    c, found = list(h), []
    for inputs in fed:
        x = np.concatenate([table[inputs[:, at]] for at, table in enumerate(network.embeddings)], 1)
        for layer, (kernel, recurrent, bias) in enumerate(zip(network.kernels, network.recurrent, network.biases, strict=True)):
            i, f, g, o = np.split(x @ kernel + h[layer] @ recurrent + bias, 4, axis=1)
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            x = h[layer] = sigmoid(o) * np.tanh(c[layer])
        logits = x @ network.out[0] + network.out[1]
        found.append(logits + sum(table[inputs[:, at]] for at, table in network.skip.items()))
    return found


@pytest.mark.parametrize(("name", "form", "precision", "library"), FORMS)
@pytest.mark.parametrize("which", [small_network, lambda: lab(units=UNITS)], ids=["shipped", "lab"])
def test_a_loop_computes_what_the_model_computes(
    name: str, form: str, precision: str, library: str | None, which: Callable[[], Network]
) -> None:
    if library:
        pytest.importorskip(library)
    network = which()
    rng = np.random.default_rng(1)
    fed = [
        np.stack([rng.integers(0, len(table), ROWS) for table in network.embeddings], 1).astype(np.int32) for _ in range(STEPS)
    ]
    loop = LOOPS[name](network, ROWS, form, precision, sample=False)
    for inputs, logits in zip(fed, expected(network, fed), strict=True):
        loop.inputs[:] = inputs
        np.testing.assert_allclose(loop.step(), logits, atol=0.06 if precision == "bfloat16" or form.startswith("8") else 1e-4)


@pytest.mark.parametrize(("name", "form", "precision", "library"), FORMS)
def test_a_loop_draws_with_the_models_probabilities_and_continues_from_the_drawn_tokens(
    name: str, form: str, precision: str, library: str | None
) -> None:
    if library:
        pytest.importorskip(library)
    network, rows = small_network(), 6_000
    loop = LOOPS[name](network, rows, form, precision)
    drawn = np.array(loop.step())
    logits = expected(network, [np.zeros((1, len(COLUMNS)), np.int32)])[0][0]
    shares = np.exp(logits) / np.exp(logits).sum()
    counted = np.bincount(drawn, minlength=VOCABULARY) / rows
    assert np.abs(counted - shares).max() < 0.03
    assert (loop.inputs[:, 0] == drawn).all()
    assert (np.array(loop.step()) != drawn).any()
