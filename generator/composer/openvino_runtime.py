"""The step function on a CPU, with OpenVINO.

The products with the LSTM's matrices use 8-bit integers, which takes half the time of bfloat16. Everything else is bfloat16 if
the processor has it, else float32. A step is compiled for a few numbers of rows; the result for a row is the same, bit for
bit, in each of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # without it OpenVINO does not report its use
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from generator.composer.arrays import BoolArray, Float32Array, Int32Array
from generator.composer.features import INPUTS
from generator.composer.lookup import Lookup
from generator.composer.weights import Weights, first_tables, skip_tables

SIZES = (4, 16, 32, 64, 128)  # the numbers of rows for which a step is compiled, besides the greatest one


class _Step:
    """The compiled step for one number of rows, with its LSTM states and the arrays that it reads and writes."""

    def __init__(self, core: ov.Core, weights: Weights, rows: int, width: int, threads: int) -> None:
        # One stream computes in the calling thread. A thread pinned to a busy processor would wait while another is idle.
        options = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        self.request = core.compile_model(_graph(weights, rows, width), "CPU", options).create_infer_request()
        self.gates = np.zeros((rows, width), np.float32)
        self.inputs = np.zeros((rows, len(INPUTS)), np.int32)
        self.keeps = np.zeros((rows, 1), np.float32)
        for name, array in (("gates", self.gates), ("inputs", self.inputs), ("keeps", self.keeps)):
            self.request.set_tensor(name, ov.Tensor(array, shared_memory=True))
        self.request.infer()  # allocates its memory now rather than during the first request
        self.result: Float32Array = self.request.get_output_tensor(0).data  # (rows, vocabulary)

    @property
    def states(self) -> dict[str, ov.VariableState]:
        """By name: h and c of each layer, (rows, units)."""
        return {state.name: state for state in self.request.query_state()}


class OpenVinoRuntime:
    """See runtime.Runtime."""

    def __init__(self, weights: Weights, slots: int, *, threads: int | None = None, lookup: Lookup | None = None) -> None:
        """threads: by default one for each processor; lookup: what `first_layer` returns, if runtimes are to share it."""
        core, self._lookup = ov.Core(), lookup or first_layer(weights)
        self._steps = {
            size: _Step(core, weights, size, self._lookup.width, threads or os.cpu_count() or 1)
            for size in (*(size for size in SIZES if size < slots), slots)
        }
        self._size = slots  # the number of rows of the step that holds the current states

    def size(self, rows: int) -> int:
        return next(size for size in self._steps if size >= rows)

    def step(self, inputs: Int32Array, begins: BoolArray) -> Float32Array:
        if len(inputs) != self._size:
            self._resize(len(inputs))
        step = self._steps[self._size]
        self._lookup(inputs, step.gates)
        step.inputs[:] = inputs
        np.logical_not(begins, out=step.keeps[:, 0])
        step.request.infer()
        return step.result

    def _resize(self, size: int) -> None:
        """Copies the states to the step for another number of rows."""
        rows, states = min(size, self._size), self._steps[self._size].states
        for name, state in self._steps[size].states.items():
            old = states[name].state.data
            moved = np.zeros((size, old.shape[1]), old.dtype)
            moved[:rows] = old[:rows]
            state.state = ov.Tensor(moved)
        self._size = size


def first_layer(weights: Weights) -> Lookup:
    """What the inputs and the bias contribute to the gates of the first layer."""
    tables = first_tables(weights)
    tables[0] = tables[0] + weights.arrays["lstm_0/bias"]  # every row has exactly one token
    return Lookup(tables)


def _graph(weights: Weights, rows: int, width: int) -> ov.Model:
    """The graph of one step, which keeps h and c of each layer.

    gates: (rows, width), what the inputs contribute to the gates of the first layer; inputs: (rows, columns); keeps: (rows, 1),
    0 where a new tune begins, else 1 → log-probabilities (rows, vocabulary)
    """
    arrays, card = weights.arrays, weights.card["model"]
    gates = op.parameter([rows, width], np.float32, name="gates")
    inputs = op.parameter([rows, len(INPUTS)], np.int32, name="inputs")
    keeps = op.parameter([rows, 1], np.float32, name="keeps")
    for parameter, name in ((gates, "gates"), (inputs, "inputs"), (keeps, "keeps")):
        parameter.output(0).set_names({name})

    def looked_up(tables: dict[int, Float32Array], bias: Float32Array) -> ov.Node:
        """The sum of one row from each column's table: (rows, width)."""
        columns, first = list(tables), next(iter(tables))
        offsets = np.cumsum([0, *(len(table) for table in tables.values())])[:-1]
        stacked = np.concatenate([table + (bias if column == first else 0) for column, table in tables.items()])
        chosen = op.gather(inputs, _int(columns), _int(1))
        return op.embedding_bag_packed_sum(op.constant(stacked), op.add(chosen, _int(offsets[None])))

    def product(h: ov.Node, matrix: Float32Array) -> ov.Node:
        """h · matrix in 8-bit integers. h: outputs of LSTM layers, between -1 and 1; each column of the matrix has its scale."""
        low, high = (op.constant(np.full((1, 1), end / 127, np.float32)) for end in (-128, 127))
        transposed = np.ascontiguousarray(matrix.T)
        scale = np.maximum(np.abs(transposed).max(1, keepdims=True), np.float32(1e-9)) / np.float32(127)
        whole = op.convert(op.constant(np.rint(transposed / scale).astype(np.int8)), "f32")
        return op.matmul(op.fake_quantize(h, low, high, low, high, 256), op.multiply(whole, op.constant(scale)), False, True)

    assigned = []

    def state(name: str, units: int) -> ov.Node:
        value = op.read_value(op.constant(np.zeros((rows, units), np.float32)), name, ov.Type.f32, ov.PartialShape([rows, units]))
        return op.multiply(value, keeps)

    x: ov.Node = None
    for layer in range(int(card["layers"])):
        kernel, recurrent, bias = (arrays[f"lstm_{layer}/{name}"] for name in ("kernel", "recurrent_kernel", "bias"))
        h, c = (state(f"{name}{layer}", len(recurrent)) for name in "hc")  # (rows, units)
        if layer == 0:
            z = op.add(gates, product(h, recurrent))  # (rows, 4 · units)
        else:
            z = op.add(product(op.concat([x, h], 1), np.concatenate([kernel, recurrent])), op.constant(bias[None]))
        i, f, g, o = op.split(z, _int(1), 4).outputs()  # (rows, units) each: input, forget, candidate and output gate
        c = op.add(op.multiply(op.sigmoid(f), c), op.multiply(op.sigmoid(i), op.tanh(g)))
        x = op.multiply(op.sigmoid(o), op.tanh(c))
        assigned += [op.assign(x, f"h{layer}"), op.assign(c, f"c{layer}")]
    logits = op.matmul(x, op.constant(arrays["logits/kernel"]), False, False)  # (rows, vocabulary)
    skip = skip_tables(weights)
    bias = arrays["logits/bias"]
    logits = op.add(logits, looked_up(skip, bias) if skip else op.constant(bias[None]))
    return ov.Model([op.result(op.log_softmax(logits, 1))], assigned, [gates, inputs, keeps], "step")


def _int(value: int | Sequence[int] | NDArray[np.int64]) -> ov.Node:
    return op.constant(np.asarray(value, np.int32))
