"""A step loop with ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.bench.network import Network


class OnnxLoop:
    """See loops.Loop. The state that a step puts out is bound to the inputs of the next one, and the graph draws.

    Forms: `tables`, what the inputs contribute to the gates of the first layer is looked up; `embedded`, embeddings are
    concatenated and each layer has one matrix product; `LSTM`, ONNX Runtime's own LSTM operator.
    """

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import onnxruntime as ort

        graph = _onnx_model(network, rows, form, sample=sample)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

        def shared(array: NDArray[Any]) -> Any:
            return ort.OrtValue.ortvalue_from_numpy(array)  # shares the array's memory

        self.inputs = np.zeros((rows, len(network.embeddings)), np.int32)
        self._points = np.zeros((rows, 1), np.float32)
        self._result = np.zeros(rows, np.int32) if sample else np.zeros((rows, network.vocabulary), np.float32)
        shapes = {value.name: value.shape for value in session.get_inputs() if value.name not in ("inputs", "points")}
        states = [{name: shared(np.zeros(shape, np.float32)) for name, shape in shapes.items()} for _ in range(2)]
        self._given = {"inputs": shared(self.inputs)} | ({"points": shared(self._points)} if sample else {})
        self._out = shared(self._result)
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
        names = tuple(name or f"{kind}{len(nodes)}_{index}" for index, name in enumerate(names))
        nodes.append(helper.make_node(kind, list(inputs), list(names), **options))
        return names

    def summed(table: Any, offsets: Any, which: str) -> str:
        looked_up = op("Gather", constant(table), op("Add", which, constant(offsets)), axis=0)
        return op("ReduceSum", looked_up, constant(np.array([1])), keepdims=0)

    one = constant(np.array([1]))
    x, states = "", []
    for layer, recurrent in enumerate(network.recurrent):
        if layer == 0 and form != "tables":
            looked_up = [
                op("Gather", constant(table), op("Gather", "inputs", constant(np.array(index)), axis=1), axis=0)
                for index, table in enumerate(network.embeddings)
            ]
            x = op("Concat", *looked_up, axis=1) if columns > 1 else looked_up[0]
        kernel, bias = network.kernels[layer], network.biases[layer]
        h, c = f"h{layer}", f"c{layer}"
        if form == "LSTM":  # its order of gates is i, o, f, g
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
        remembered = op("Mul", op("Sigmoid", f), c)
        after = op("Add", remembered, op("Mul", op("Sigmoid", i), op("Tanh", g)), name=f"{c}_after")
        x = op("Mul", op("Sigmoid", o), op("Tanh", after), name=f"{h}_after")
        states += [(h, [rows, units]), (c, [rows, units])]
    logits = op("Gemm", x, *(constant(array) for array in network.out), name="" if sample or network.skip else "result")
    if network.skip:
        skip = summed(*network.skip_table(), op("Gather", "inputs", constant(np.array(list(network.skip))), axis=1))
        logits = op("Add", logits, skip, name="" if sample else "result")
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
