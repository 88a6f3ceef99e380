"""The step function on a CPU, by OpenVINO.

The products with the LSTM's matrices are of whole numbers of 8 bits, which takes half as long as bfloat16; all else is
bfloat16 where the processor has it, float32 elsewhere. A step is compiled for a few numbers of rows; what a row computes is
the same, bit for bit, whichever computes it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # OpenVINO goes without, and tells nobody of us
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from generator.composer.features import INPUTS
from generator.composer.lookup import Lookup
from generator.composer.weights import Weights, first_tables, skip_tables

SIZES = (4, 16, 32, 64, 128)  # numbers of rows that a step is compiled for, besides the greatest


class _Step:
    """The step for so many rows: its states, and the arrays that it reads and writes."""

    def __init__(self, core: ov.Core, model: ov.Model, threads: int) -> None:
        # One stream computes in the thread that calls; pinned to a processor it would wait there while another is idle.
        options = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        self.request = core.compile_model(model, "CPU", options).create_infer_request()
        self.given = {parameter.get_friendly_name(): _zeros(parameter) for parameter in model.get_parameters()}
        for name, array in self.given.items():
            self.request.set_tensor(name, ov.Tensor(array, shared_memory=True))
        self.request.infer()  # its memory is allocated now, not under the first request
        self.result: NDArray[np.float32] = self.request.get_output_tensor(0).data

    @property
    def states(self) -> dict[str, Any]:
        return {state.name: state for state in self.request.query_state()}


def _zeros(parameter: Any) -> NDArray[Any]:
    return np.zeros(parameter.get_shape(), parameter.get_element_type().to_dtype())


class OpenVinoRuntime:
    """See runtime.Runtime."""

    def __init__(self, weights: Weights, slots: int, *, threads: int | None = None, lookup: Lookup | None = None) -> None:
        """Computes in so many threads, in as many as there are processors without it; runtimes can share what they look up."""
        core, self._lookup = ov.Core(), lookup or first_layer(weights)
        self._steps = {
            size: _Step(core, _graph(weights, size, self._lookup.width), threads or os.cpu_count() or 1)
            for size in (*(size for size in SIZES if size < slots), slots)
        }
        self._size = slots  # of the step that has the states

    def size(self, rows: int) -> int:
        return next(size for size in self._steps if size >= rows)

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[np.float32]:
        if len(inputs) != self._size:
            self._resize(len(inputs))
        step = self._steps[self._size]
        self._lookup(inputs, step.given["gates"])
        step.given["inputs"][:] = inputs
        np.logical_not(begins, out=step.given["keeps"][:, 0])
        step.request.infer()
        return step.result

    def _resize(self, size: int) -> None:
        """Hands the states over to the request for another number of rows."""
        rows, states = min(size, self._size), self._steps[self._size].states
        for name, state in self._steps[size].states.items():
            held = states[name].state.data
            moved = np.zeros((size, held.shape[1]), held.dtype)
            moved[:rows] = held[:rows]
            state.state = ov.Tensor(moved)
        self._size = size


def first_layer(weights: Weights) -> Lookup:
    """What the inputs and the bias add to the first layer's gates."""
    tables = first_tables(weights)
    tables[0] = tables[0] + weights.arrays["lstm_0/bias"]  # every row has a token
    return Lookup(tables)


def _graph(weights: Weights, rows: int, width: int) -> ov.Model:
    """The graph of one step: what the inputs add to the first layer's gates (rows, width), the inputs (rows, columns), and keeps
    (rows, 1), 0 where a new tune begins → log-likelihoods; it keeps h and c."""
    arrays, card = weights.arrays, weights.card["model"]
    gates = op.parameter([rows, width], np.float32, name="gates")
    inputs = op.parameter([rows, len(INPUTS)], np.int32, name="inputs")
    keeps = op.parameter([rows, 1], np.float32, name="keeps")
    for parameter, name in ((gates, "gates"), (inputs, "inputs"), (keeps, "keeps")):
        parameter.output(0).set_names({name})

    def looked_up(tables: dict[int, NDArray[np.float32]], bias: NDArray[np.float32]) -> Any:
        """The sum of what each column looks up in its table, (rows, width)."""
        columns, first = list(tables), next(iter(tables))
        offsets = np.cumsum([0, *(len(table) for table in tables.values())])[:-1]
        stacked = np.concatenate([table + (bias if column == first else 0) for column, table in tables.items()])
        chosen = op.gather(inputs, _int(columns), _int(1))
        return op.embedding_bag_packed_sum(op.constant(stacked), op.add(chosen, _int(offsets[None])))

    def product(h: Any, matrix: NDArray[np.float32]) -> Any:
        """Of outputs of LSTM layers, which lie between -1 and 1, in steps of 1/127; a scale for each column of the matrix."""
        low, high = (op.constant(np.full((1, 1), end / 127, np.float32)) for end in (-128, 127))
        transposed = np.ascontiguousarray(matrix.T)
        scale = np.maximum(np.abs(transposed).max(1, keepdims=True), np.float32(1e-9)) / np.float32(127)
        whole = op.convert(op.constant(np.rint(transposed / scale).astype(np.int8)), "f32")
        return op.matmul(op.fake_quantize(h, low, high, low, high, 256), op.multiply(whole, op.constant(scale)), False, True)

    assigned = []

    def state(name: str, units: int) -> Any:
        value = op.read_value(op.constant(np.zeros((rows, units), np.float32)), name, ov.Type.f32, ov.PartialShape([rows, units]))
        return op.multiply(value, keeps)

    x: Any = None
    for layer in range(int(card["layers"])):
        kernel, recurrent, bias = (arrays[f"lstm_{layer}/{name}"] for name in ("kernel", "recurrent_kernel", "bias"))
        h, c = (state(f"{name}{layer}", len(recurrent)) for name in "hc")
        if layer == 0:
            z = op.add(gates, product(h, recurrent))
        else:
            z = op.add(product(op.concat([x, h], 1), np.concatenate([kernel, recurrent])), op.constant(bias[None]))
        i, f, g, o = op.split(z, _int(1), 4).outputs()  # (rows, units) each
        c = op.add(op.multiply(op.sigmoid(f), c), op.multiply(op.sigmoid(i), op.tanh(g)))
        x = op.multiply(op.sigmoid(o), op.tanh(c))
        assigned += [op.assign(x, f"h{layer}"), op.assign(c, f"c{layer}")]
    logits = op.matmul(x, op.constant(arrays["logits/kernel"]), False, False)
    spoken = skip_tables(weights)
    bias = arrays["logits/bias"]
    logits = op.add(logits, looked_up(spoken, bias) if spoken else op.constant(bias[None]))
    return ov.Model([op.result(op.log_softmax(logits, 1))], assigned, [gates, inputs, keeps], "step")


def _int(value: Any) -> Any:
    return op.constant(np.asarray(value, np.int32))
