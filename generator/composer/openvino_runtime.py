"""The step function on a CPU, by OpenVINO: bfloat16 where the processor has it, float32 elsewhere.

A step is compiled for a few numbers of rows; a row's logits are the same, bit for bit, whichever computes it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # OpenVINO goes without, and tells nobody of us
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from generator.composer.tracker import INPUTS
from generator.composer.weights import Weights, direct_tables, first_tables

SIZES = (8, 32, 64, 128)  # numbers of rows that a step is compiled for, besides the greatest


class OpenVinoRuntime:
    """See runtime.Runtime."""

    def __init__(self, weights: Weights, slots: int) -> None:
        self._sizes = [size for size in SIZES if size < slots] + [slots]
        core = ov.Core()
        self._requests = {size: self._request(core, _step(weights, size), size) for size in self._sizes}
        self._size = slots  # of the request that has the states

    def _request(self, core: ov.Core, model: ov.Model, size: int) -> ov.InferRequest:
        compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
        request = compiled.create_infer_request()
        request.set_tensor("inputs", ov.Tensor(np.zeros((size, len(INPUTS)), np.int32)))
        request.set_tensor("keeps", ov.Tensor(np.zeros((size, 1), np.float32)))
        request.infer()  # its memory is allocated now, not under the first request
        return request

    def size(self, rows: int) -> int:
        return next(size for size in self._sizes if size >= rows)

    def step(self, inputs: NDArray[np.int32], begins: NDArray[np.bool_]) -> NDArray[np.float32]:
        if len(inputs) != self._size:
            self._resize(len(inputs))
        request = self._requests[self._size]
        request.get_tensor("inputs").data[:] = inputs
        request.get_tensor("keeps").data[:, 0] = ~begins
        request.infer()
        logits: NDArray[np.float32] = request.get_output_tensor(0).data
        return logits

    def _resize(self, size: int) -> None:
        """Hands the states over to the request for another number of rows."""
        rows = min(size, self._size)
        states = {state.name: state.state.data for state in self._requests[self._size].query_state()}
        for state in self._requests[size].query_state():
            moved = np.zeros((size, states[state.name].shape[1]), states[state.name].dtype)
            moved[:rows] = states[state.name][:rows]
            state.state = ov.Tensor(moved)
        self._size = size


def _step(weights: Weights, rows: int) -> ov.Model:
    """The graph of one step: inputs (rows, columns) and keeps (rows, 1), 0 where a new tune begins → logits; it keeps h and c."""
    arrays, card = weights.arrays, weights.card["model"]
    inputs = op.parameter([rows, len(INPUTS)], np.int32, name="inputs")
    keeps = op.parameter([rows, 1], np.float32, name="keeps")
    inputs.output(0).set_names({"inputs"})
    keeps.output(0).set_names({"keeps"})

    def looked_up(tables: dict[int, NDArray[np.float32]], bias: NDArray[np.float32]) -> Any:
        """The sum of what each column looks up in its table, (rows, width)."""
        columns, first = list(tables), next(iter(tables))
        offsets = np.cumsum([0, *(len(table) for table in tables.values())])[:-1]
        stacked = np.concatenate([table + (bias if column == first else 0) for column, table in tables.items()])
        chosen = op.gather(inputs, _int(columns), _int(1))
        return op.embedding_bag_packed_sum(op.constant(stacked), op.add(chosen, _int(offsets[None])))

    def product(x: Any, matrix: NDArray[np.float32]) -> Any:
        return op.matmul(x, op.constant(np.ascontiguousarray(matrix.T)), False, True)

    assigned = []

    def state(name: str, units: int) -> Any:
        value = op.read_value(op.constant(np.zeros((rows, units), np.float32)), name, ov.Type.f32, ov.PartialShape([rows, units]))
        return op.multiply(value, keeps)

    x: Any = None
    for layer in range(int(card["layers"])):
        kernel, recurrent, bias = (arrays[f"lstm_{layer}/{name}"] for name in ("kernel", "recurrent_kernel", "bias"))
        h, c = (state(f"{name}{layer}", len(recurrent)) for name in "hc")
        if layer == 0:
            z = op.add(looked_up(first_tables(weights), bias), product(h, recurrent))
        else:
            z = op.add(product(op.concat([x, h], 1), np.concatenate([kernel, recurrent])), op.constant(bias[None]))
        i, f, g, o = op.split(z, _int(1), 4).outputs()  # (rows, units) each
        c = op.add(op.multiply(op.sigmoid(f), c), op.multiply(op.sigmoid(i), op.tanh(g)))
        x = op.multiply(op.sigmoid(o), op.tanh(c))
        assigned += [op.assign(x, f"h{layer}"), op.assign(c, f"c{layer}")]
    logits = product(x, arrays["logits/kernel"])
    spoken = direct_tables(weights)
    bias = arrays["logits/bias"]
    logits = op.add(logits, looked_up(spoken, bias) if spoken else op.constant(bias[None]))
    return ov.Model([op.result(logits)], assigned, [inputs, keeps], "step")


def _int(value: Any) -> Any:
    return op.constant(np.asarray(value, np.int32))
