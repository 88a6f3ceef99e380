"""Step loops without grammar, each as its library runs it fastest: one token further in every row, drawn at temperature 1.

The inputs beside the token are constants here, so that they cost a loop nothing but the lookup. With `sample` off a step gives
the logits and draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generator.bench.network import Network


class Loop(Protocol):
    """`inputs` (rows, columns) is what the next step reads; a step puts the tokens that it drew into its first column."""

    inputs: NDArray[np.int32]

    def step(self) -> NDArray[Any]:
        """→ tokens (rows,), or logits (rows, vocabulary)."""


class EagerLoop:
    """As the MIT 6.S191 lab generates: a stateful Keras model called eagerly, one step at a time."""

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import keras
        import tensorflow as tf

        self._tf, self._sample = tf, sample
        self.inputs = np.zeros((rows, len(network.embeddings)), np.int32)
        fed = keras.Input(batch_shape=(rows, 1, *self.inputs.shape[1:]), dtype="int32")
        self._layers: list[tuple[Any, list[Any]]] = []

        def with_weights(layer: Any, x: Any, *arrays: Any) -> Any:
            y = layer(x)
            layer.set_weights(arrays)
            return y

        columns = [fed[:, :, at] for at in range(len(network.embeddings))]
        embedded = [
            with_weights(keras.layers.Embedding(*table.shape), column, table)
            for column, table in zip(columns, network.embeddings, strict=True)
        ]
        x = keras.layers.Concatenate()(embedded) if len(embedded) > 1 else embedded[0]
        for weights in zip(network.kernels, network.recurrent, network.biases, strict=True):
            x = with_weights(keras.layers.LSTM(network.units, return_sequences=True, stateful=True), x, *weights)
        logits = with_weights(keras.layers.Dense(network.vocabulary), x, *network.out)
        for at, table in network.skip.items():
            logits += with_weights(keras.layers.Embedding(*table.shape), columns[at], table)
        self._model = keras.Model(fed, logits)

    def step(self) -> NDArray[Any]:
        tf = self._tf
        input_eval = tf.expand_dims(self.inputs, 1)
        logits = tf.squeeze(self._model(input_eval), 1)  # (rows, vocabulary)
        if not self._sample:
            return np.asarray(logits)
        drawn: NDArray[Any] = tf.random.categorical(logits, num_samples=1)[:, 0].numpy()
        self.inputs[:, 0] = drawn
        return drawn


class OpenVinoLoop:
    """State in variables, the second layer's two products as one, drawing in the graph."""

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import openvino as ov
        from openvino import opset13 as op

        def constant(array: Any) -> Any:
            return op.constant(np.ascontiguousarray(array))

        def ints(*numbers: int) -> Any:
            return op.constant(np.array(numbers, np.int32))

        def times(x: Any, matrix: Any) -> Any:
            return op.matmul(x, constant(matrix.T), False, True)

        inputs = op.parameter([rows, len(network.embeddings)], np.int32)
        points = op.parameter([rows, 1], np.float32)  # between 0 and 1
        table, offsets = network.table()
        x, written = None, []
        for layer, recurrent in enumerate(network.recurrent):
            h, c = (
                op.read_value(constant(np.zeros((rows, network.units), np.float32)), name, ov.Type.f32, [rows, network.units])
                for name in (f"h{layer}", f"c{layer}")
            )
            if x is None:
                z = op.add(op.embedding_bag_packed_sum(constant(table), op.add(inputs, constant(offsets))), times(h, recurrent))
            else:
                both = np.concatenate([network.kernels[layer], recurrent])
                z = op.add(times(op.concat([x, h], 1), both), constant(network.biases[layer][None]))
            i, f, g, o = op.split(z, op.constant(1, np.int32), 4).outputs()
            c = op.add(op.multiply(op.sigmoid(f), c), op.multiply(op.sigmoid(i), op.tanh(g)))
            x = op.multiply(op.sigmoid(o), op.tanh(c))
            written += [op.assign(x, f"h{layer}"), op.assign(c, f"c{layer}")]
        logits = op.add(times(x, network.out[0]), constant(network.out[1][None]))
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
        model = ov.Model([op.result(result)], written, [inputs, points] if sample else [inputs])
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


class OnnxLoop:
    """State bound from one step's output to the next one's input, drawing in the graph.

    Forms: `tables`, the first layer's input looked up as its share of the gates; `embedded`, embeddings side by side and one
    product for each layer; `LSTM`, ONNX Runtime's own LSTM operator.
    """

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import onnxruntime as ort

        graph = _onnx_model(network, rows, form, sample=sample)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

        def held(array: NDArray[Any]) -> Any:
            return ort.OrtValue.ortvalue_from_numpy(array)  # over the array's own memory

        self.inputs = np.zeros((rows, len(network.embeddings)), np.int32)
        self._points = np.zeros((rows, 1), np.float32)
        self._result = np.zeros(rows, np.int32) if sample else np.zeros((rows, network.vocabulary), np.float32)
        shapes = {value.name: value.shape for value in session.get_inputs() if value.name not in ("inputs", "points")}
        states = [{name: held(np.zeros(shape, np.float32)) for name, shape in shapes.items()} for _ in range(2)]
        self._given = {"inputs": held(self.inputs)} | ({"points": held(self._points)} if sample else {})
        self._out = held(self._result)
        self._bindings = []
        for before, after in (states, states[::-1]):
            binding = session.io_binding()
            for name, value in (self._given | before).items():
                binding.bind_ortvalue_input(name, value)
            binding.bind_ortvalue_output("result", self._out)
            for name, value in after.items():
                binding.bind_ortvalue_output(f"{name}_after", value)
            self._bindings.append(binding)
        self._session, self._sample, self._rng, self._turn = session, sample, np.random.default_rng(0), 0

    def step(self) -> NDArray[Any]:
        if self._sample:
            self._rng.random(out=self._points, dtype=np.float32)
        self._session.run_with_iobinding(self._bindings[self._turn])
        self._turn = 1 - self._turn
        if self._sample:
            self.inputs[:, 0] = self._result
        return self._result


def _onnx_model(network: Network, rows: int, form: str, *, sample: bool) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []
    units, columns = network.units, len(network.embeddings)

    def constant(array: Any) -> str:
        constants.append(numpy_helper.from_array(np.array(array, order="C"), f"constant{len(constants)}"))
        return str(constants[-1].name)

    def op(kind: str, *inputs: str, name: str = "", **options: Any) -> str:
        return ops(kind, *inputs, names=(name,), **options)[0]

    def ops(kind: str, *inputs: str, names: tuple[str, ...], **options: Any) -> tuple[str, ...]:
        names = tuple(name or f"{kind}{len(nodes)}_{at}" for at, name in enumerate(names))
        nodes.append(helper.make_node(kind, list(inputs), list(names), **options))
        return names

    def summed(table: Any, offsets: Any, which: str) -> str:
        rows_of_it = op("Gather", constant(table), op("Add", which, constant(offsets)), axis=0)
        return op("ReduceSum", rows_of_it, constant(np.array([1])), keepdims=0)

    one = constant(np.array([1]))
    x, states = "", []
    for layer, recurrent in enumerate(network.recurrent):
        if layer == 0 and form != "tables":
            looked_up = [
                op("Gather", constant(table), op("Gather", "inputs", constant(np.array(at)), axis=1), axis=0)
                for at, table in enumerate(network.embeddings)
            ]
            x = op("Concat", *looked_up, axis=1) if columns > 1 else looked_up[0]
        kernel, bias = network.kernels[layer], network.biases[layer]
        h, c = f"h{layer}", f"c{layer}"
        if form == "LSTM":  # its gates are i, o, f, g
            order = np.concatenate([np.arange(units) + gate * units for gate in (0, 3, 1, 2)])
            given = [constant(matrix[:, order].T[None]) for matrix in (kernel, recurrent)]
            biases = constant(np.concatenate([bias[order], np.zeros_like(bias)])[None])
            names = ("", f"{h}_after", f"{c}_after")
            y = ops("LSTM", op("Unsqueeze", x, constant(np.array([0]))), *given, biases, "", h, c, names=names, hidden_size=units)
            x = op("Squeeze", y[1], constant(np.array([0])))
            states += [(h, [1, rows, units]), (c, [1, rows, units])]
            continue
        if layer == 0 and form == "tables":
            z = op("Gemm", h, constant(recurrent), summed(*network.table(), "inputs"))
        else:
            z = op("Gemm", op("Concat", x, h, axis=1), constant(np.concatenate([kernel, recurrent])), constant(bias))
        i, f, g, o = ops("Split", z, names=("",) * 4, axis=1, num_outputs=4)
        kept = op("Mul", op("Sigmoid", f), c)
        after = op("Add", kept, op("Mul", op("Sigmoid", i), op("Tanh", g)), name=f"{c}_after")
        x = op("Mul", op("Sigmoid", o), op("Tanh", after), name=f"{h}_after")
        states += [(h, [rows, units]), (c, [rows, units])]
    logits = op("Gemm", x, *(constant(array) for array in network.out), name="" if sample or network.skip else "result")
    if network.skip:
        spoken = summed(*network.skip_table(), op("Gather", "inputs", constant(np.array(list(network.skip))), axis=1))
        logits = op("Add", logits, spoken, name="" if sample else "result")
    if sample:
        shares = op("Softmax", logits, axis=1)
        below = op("Cast", op("LessOrEqual", op("CumSum", shares, one), "points"), to=TensorProto.INT32)
        count = op("ReduceSum", below, one, keepdims=0)
        op("Min", count, constant(np.array([network.vocabulary - 1], np.int32)), name="result")

    def value(name: str, kind: int, shape: list[int]) -> Any:
        return helper.make_tensor_value_info(name, kind, shape)

    real, whole = TensorProto.FLOAT, TensorProto.INT32
    given = [value("inputs", whole, [rows, columns])] + ([value("points", real, [rows, 1])] if sample else [])
    result = value("result", whole, [rows]) if sample else value("result", real, [rows, network.vocabulary])
    graph = helper.make_graph(
        nodes,
        "step",
        [*given, *(value(name, real, shape) for name, shape in states)],
        [result, *(value(f"{name}_after", real, shape) for name, shape in states)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


class TorchLoop:
    """Written by hand from matrix products: faster here than LSTMCell, and than LSTM with one step."""

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import torch

        kind = {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision]

        def tensor(array: Any) -> Any:
            return torch.from_numpy(np.ascontiguousarray(array))

        self._torch, self._sample, self._kind = torch, sample, kind
        self._fed = torch.zeros((rows, len(network.embeddings)), dtype=torch.int32)
        self.inputs = self._fed.numpy()
        table, offsets = network.table()
        self._table, self._offsets = tensor(table), tensor(offsets)
        self._first = tensor(network.recurrent[0].T).to(kind).T
        pairs = zip(network.kernels[1:], network.recurrent[1:], strict=True)
        self._matrices = [tensor(np.concatenate(pair).T).to(kind) for pair in pairs]
        self._biases = [tensor(bias).to(kind) for bias in network.biases[1:]]
        self._out = tensor(network.out[0].T).to(kind), tensor(network.out[1]).to(kind)
        self._skip = [tensor(array) for array in network.skip_table()] if network.skip else []
        self._columns = torch.tensor(list(network.skip))
        self._states = [[torch.zeros((rows, network.units), dtype=kind) for _ in "hc"] for _ in network.recurrent]

    def step(self) -> NDArray[Any]:
        torch = self._torch
        bag, linear = torch.nn.functional.embedding_bag, torch.nn.functional.linear
        with torch.inference_mode():
            x = None
            for layer, (h, c) in enumerate(self._states):
                if x is None:
                    z = bag(self._fed + self._offsets, self._table, mode="sum").to(self._kind)
                    z = torch.addmm(z, h, self._first)
                else:
                    z = linear(torch.cat([x, h], 1), self._matrices[layer - 1], self._biases[layer - 1])
                i, f, g, o = z.chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                x = torch.sigmoid(o) * torch.tanh(c)
                self._states[layer] = [x, c]
            logits = linear(x, *self._out).float()
            if self._skip:
                table, offsets = self._skip
                logits += bag(self._fed[:, self._columns] + offsets, table, mode="sum")
            if not self._sample:
                return np.asarray(logits)
            shares = torch.softmax(logits, 1).cumsum(1)
            drawn = (shares < torch.rand(len(shares), 1) * shares[:, -1:]).sum(1)
            self._fed[:, 0] = drawn
        return np.asarray(drawn)


LOOPS: dict[str, Callable[..., Loop]] = {"eager": EagerLoop, "onnx": OnnxLoop, "openvino": OpenVinoLoop, "pytorch": TorchLoop}
