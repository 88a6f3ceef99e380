"""The networks that are measured: the shipped one, and the lab's with 1024 units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from generator.composer.weights import Weights, load_weights

Array = NDArray[np.float32]
NetworkName = Literal["shipped", "lab"]

LAB_EMBEDDING, LAB_UNITS, LAB_CHARACTERS = 256, 1024, 83


@dataclass(frozen=True, slots=True)
class Network:
    """Embeddings side by side → LSTM layers → logits, to which some of the inputs add their own."""

    about: str
    embeddings: tuple[Array, ...]  # (classes, width) of each input; the first is the token
    kernels: tuple[Array, ...]  # (its input, 4 · units) of each layer, the gates as Keras has them: i, f, g, o
    recurrent: tuple[Array, ...]  # (units, 4 · units)
    biases: tuple[Array, ...]
    out: tuple[Array, Array]  # (units, vocabulary), (vocabulary,)
    skip: dict[int, Array]  # input → (classes, vocabulary)

    @property
    def units(self) -> int:
        return len(self.recurrent[0])

    @property
    def vocabulary(self) -> int:
        return len(self.out[1])

    @property
    def weights_a_step(self) -> int:
        """How many weights every step must read. The first kernel is not among them: with the embeddings it makes a table."""
        return sum(matrix.size for matrix in (*self.kernels[1:], *self.recurrent, self.out[0]))

    def table(self) -> tuple[Array, NDArray[np.int32]]:
        """What each class of each input adds to the first layer's gates, its bias in the token's: (all classes, 4 · units);
        and where each input's classes begin."""
        widths = [table.shape[1] for table in self.embeddings]
        shares = np.split(self.kernels[0], np.cumsum(widths)[:-1])
        tables = [table @ share for table, share in zip(self.embeddings, shares, strict=True)]
        return np.concatenate([tables[0] + self.biases[0], *tables[1:]]), _offsets(tables)

    def skip_table(self) -> tuple[Array, NDArray[np.int32]]:
        """The same for the logits, of the inputs in `direct`."""
        tables = list(self.skip.values())
        return np.concatenate(tables), _offsets(tables)


def _offsets(tables: list[Array]) -> NDArray[np.int32]:
    return np.cumsum([0, *(len(table) for table in tables[:-1])], dtype=np.int32)


def network(name: NetworkName) -> Network:
    """Raises WeightsError."""
    return from_weights(load_weights()) if name == "shipped" else lab()


def from_weights(weights: Weights) -> Network:
    arrays, model = weights.arrays, weights.card["model"]
    read = [name for name in model["columns"] if f"{name}_embedding/embeddings" in arrays]
    layers = range(model["layers"])
    skip = {at: arrays.get(f"{name}_skip/embeddings") for at, name in enumerate(read)}
    return Network(
        about=f"{weights.card['name']}: LSTM {model['layers']} × {model['units']}, {len(arrays['logits/bias'])} tokens",
        embeddings=tuple(arrays[f"{name}_embedding/embeddings"] for name in read),
        kernels=tuple(arrays[f"lstm_{layer}/kernel"] for layer in layers),
        recurrent=tuple(arrays[f"lstm_{layer}/recurrent_kernel"] for layer in layers),
        biases=tuple(arrays[f"lstm_{layer}/bias"] for layer in layers),
        out=(arrays["logits/kernel"], arrays["logits/bias"]),
        skip={at: np.float32(model["skip_gain"]) * table for at, table in skip.items() if table is not None},
    )


def lab(units: int = LAB_UNITS) -> Network:
    """Random weights: only its speed is measured."""
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> Array:
        return rng.uniform(-0.05, 0.05, shape).astype(np.float32)

    return Network(
        about=f"the MIT lab's: LSTM {units}, {LAB_CHARACTERS} characters, random weights",
        embeddings=(drawn(LAB_CHARACTERS, LAB_EMBEDDING),),
        kernels=(drawn(LAB_EMBEDDING, 4 * units),),
        recurrent=(drawn(units, 4 * units),),
        biases=(drawn(4 * units),),
        out=(drawn(units, LAB_CHARACTERS), drawn(LAB_CHARACTERS)),
        skip={},
    )
