"""The networks that are measured: the shipped model's, and that of the MIT lab with 1024 units."""

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
    """Embeddings, concatenated → LSTM layers → logits, plus the skip connection of some inputs."""

    about: str
    embeddings: tuple[Array, ...]  # (classes, width) of each input; the first is the token
    kernels: tuple[Array, ...]  # (width of its input, 4 · units) of each layer; gates in Keras' order: i, f, g, o
    recurrent: tuple[Array, ...]  # (units, 4 · units)
    biases: tuple[Array, ...]
    out: tuple[Array, Array]  # (units, vocabulary), (vocabulary,)
    skip: dict[int, Array]  # skip connection: index of the input → (classes, vocabulary)

    @property
    def units(self) -> int:
        return len(self.recurrent[0])

    @property
    def vocabulary(self) -> int:
        return len(self.out[1])

    @property
    def weights_per_step(self) -> int:
        """How many weights each step must read. The first kernel does not count: with the embeddings it becomes a table."""
        return sum(matrix.size for matrix in (*self.kernels[1:], *self.recurrent, self.out[0]))

    def table(self) -> tuple[Array, NDArray[np.int32]]:
        """What each class of each input contributes to the gates of the first layer, (all classes, 4 · units), and the row with
        which each input's classes begin. The token's rows contain the bias."""
        widths = [table.shape[1] for table in self.embeddings]
        shares = np.split(self.kernels[0], np.cumsum(widths)[:-1])
        tables = [table @ share for table, share in zip(self.embeddings, shares, strict=True)]
        return np.concatenate([tables[0] + self.biases[0], *tables[1:]]), _offsets(tables)

    def skip_table(self) -> tuple[Array, NDArray[np.int32]]:
        """The same for the inputs in `skip` and the logits: (all classes, vocabulary)."""
        tables = list(self.skip.values())
        return np.concatenate(tables), _offsets(tables)


def _offsets(tables: list[Array]) -> NDArray[np.int32]:
    return np.cumsum([0, *(len(table) for table in tables[:-1])], dtype=np.int32)


def network(name: NetworkName) -> Network:
    """The network of that name. Raises WeightsError if the shipped model cannot be read."""
    return from_weights(load_weights()) if name == "shipped" else lab()


def from_weights(weights: Weights) -> Network:
    """The network of a trained model."""
    arrays, model = weights.arrays, weights.card["model"]
    read = [name for name in model["columns"] if f"{name}_embedding/embeddings" in arrays]
    layers = range(model["layers"])
    skip = {index: arrays.get(f"{name}_skip/embeddings") for index, name in enumerate(read)}
    return Network(
        about=f"{weights.card['name']}: LSTM {model['layers']} × {model['units']}, {len(arrays['logits/bias'])} tokens",
        embeddings=tuple(arrays[f"{name}_embedding/embeddings"] for name in read),
        kernels=tuple(arrays[f"lstm_{layer}/kernel"] for layer in layers),
        recurrent=tuple(arrays[f"lstm_{layer}/recurrent_kernel"] for layer in layers),
        biases=tuple(arrays[f"lstm_{layer}/bias"] for layer in layers),
        out=(arrays["logits/kernel"], arrays["logits/bias"]),
        skip={index: np.float32(model["skip_gain"]) * table for index, table in skip.items() if table is not None},
    )


def lab(units: int = LAB_UNITS) -> Network:
    """The MIT lab's network with random weights: only its speed is measured."""
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
