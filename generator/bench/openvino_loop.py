"""A step loop with OpenVINO."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.bench.network import Network


class OpenVinoLoop:
    """See loops.Loop. The state is kept in variables, each further layer has one matrix product, and the graph draws.

    Forms of the LSTM's products: `8 bits`, of weights and outputs of a layer as 8-bit integers; `8-bit weights`, which are
    converted before the product; else in the precision of everything.
    """

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import openvino as ov
        from openvino import opset13 as op

        def constant(array: Any) -> Any:
            return op.constant(np.ascontiguousarray(array))

        def ints(*numbers: int) -> Any:
            return op.constant(np.array(numbers, np.int32))

        def times(x: Any, matrix: Any) -> Any:
            return op.matmul(x, constant(matrix.T), False, True)

        def product(h: Any, matrix: Any) -> Any:
            """h: outputs of LSTM layers, between -1 and 1"""
            if not form:
                return times(h, matrix)
            if form == "8 bits":
                low, high = (op.constant(np.full((1, 1), end / 127, np.float32)) for end in (-128, 127))
                h = op.fake_quantize(h, low, high, low, high, 256)
            transposed = np.ascontiguousarray(matrix.T)
            scale = np.maximum(np.abs(transposed).max(1, keepdims=True), np.float32(1e-9)) / np.float32(127)
            whole = op.convert(constant(np.rint(transposed / scale).astype(np.int8)), "f32")
            return op.matmul(h, op.multiply(whole, constant(scale)), False, True)

        inputs = op.parameter([rows, len(network.embeddings)], np.int32)
        points = op.parameter([rows, 1], np.float32)  # random numbers between 0 and 1
        table, offsets = network.table()
        x, assigned = None, []
        for layer, recurrent in enumerate(network.recurrent):
            h, c = (
                op.read_value(constant(np.zeros((rows, network.units), np.float32)), name, ov.Type.f32, [rows, network.units])
                for name in (f"h{layer}", f"c{layer}")
            )
            if x is None:
                z = op.add(op.embedding_bag_packed_sum(constant(table), op.add(inputs, constant(offsets))), product(h, recurrent))
            else:
                both = np.concatenate([network.kernels[layer], recurrent])
                z = op.add(product(op.concat([x, h], 1), both), constant(network.biases[layer][None]))
            i, f, g, o = op.split(z, op.constant(1, np.int32), 4).outputs()  # (rows, units) each
            c = op.add(op.multiply(op.sigmoid(f), c), op.multiply(op.sigmoid(i), op.tanh(g)))
            x = op.multiply(op.sigmoid(o), op.tanh(c))
            assigned += [op.assign(x, f"h{layer}"), op.assign(c, f"c{layer}")]
        logits = op.add(times(x, network.out[0]), constant(network.out[1][None]))  # (rows, vocabulary)
        if network.skip:
            table, offsets = network.skip_table()
            columns = op.add(op.gather(inputs, ints(*network.skip), op.constant(1, np.int32)), constant(offsets))
            logits = op.add(logits, op.embedding_bag_packed_sum(constant(table), columns))
        result = logits
        if sample:
            shares = op.exp(op.subtract(logits, op.reduce_max(logits, ints(1), True)))
            drawn = op.multiply(points, op.reduce_sum(shares, ints(1), True))
            below = op.less_equal(op.cum_sum(shares, op.constant(1, np.int32)), drawn)
            result = op.minimum(op.reduce_sum(op.convert(below, "i32"), ints(1), False), ints(network.vocabulary - 1))
        model = ov.Model([op.result(result)], assigned, [inputs, points] if sample else [inputs])
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": {"bfloat16": "bf16", "float32": "f32"}[precision]}
        self._request = ov.Core().compile_model(model, "CPU", options).create_infer_request()
        self.inputs = np.zeros((rows, len(network.embeddings)), np.int32)
        self._points = np.zeros((rows, 1), np.float32)
        self._request.set_input_tensor(0, ov.Tensor(self.inputs, shared_memory=True))
        if sample:
            self._request.set_input_tensor(1, ov.Tensor(self._points, shared_memory=True))
        self._result: NDArray[Any] = self._request.get_output_tensor(0).data
        self._sample, self._rng = sample, np.random.default_rng(0)

    def step(self) -> NDArray[Any]:
        if self._sample:
            self._rng.random(out=self._points, dtype=np.float32)
        self._request.infer()
        if self._sample:
            self.inputs[:, 0] = self._result
        return self._result
