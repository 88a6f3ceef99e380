"""A step loop with PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.bench.network import Network


class TorchLoop:
    """See loops.Loop. Written with matrix products, which is faster here than LSTMCell or an LSTM of one step."""

    def __init__(self, network: Network, rows: int, form: str, precision: str, *, sample: bool = True) -> None:
        import torch

        kind = {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision]

        def tensor(array: Any) -> Any:
            return torch.from_numpy(np.ascontiguousarray(array))

        self._torch, self._sample, self._kind = torch, sample, kind
        self._inputs = torch.zeros((rows, len(network.embeddings)), dtype=torch.int32)
        self.inputs = self._inputs.numpy()
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
                    z = bag(self._inputs + self._offsets, self._table, mode="sum").to(self._kind)
                    z = torch.addmm(z, h, self._first)
                else:
                    z = linear(torch.cat([x, h], 1), self._matrices[layer - 1], self._biases[layer - 1])
                i, f, g, o = z.chunk(4, 1)  # (rows, units) each
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                x = torch.sigmoid(o) * torch.tanh(c)
                self._states[layer] = [x, c]
            logits = linear(x, *self._out).float()
            if self._skip:
                table, offsets = self._skip
                logits += bag(self._inputs[:, self._columns] + offsets, table, mode="sum")
            if not self._sample:
                return np.asarray(logits)
            shares = torch.softmax(logits, 1).cumsum(1)
            drawn = (shares < torch.rand(len(shares), 1) * shares[:, -1:]).sum(1)
            self._inputs[:, 0] = drawn
        return np.asarray(drawn)
