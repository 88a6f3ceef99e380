"""The files of a trained model: `weights.npz`, its arrays in half precision, and `card.json`, which describes it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generator.composer.arrays import Float32Array
from generator.composer.features import INPUTS
from generator.notation.tokens import VOCABULARY

if TYPE_CHECKING:
    import keras

Card = Mapping[str, Any]  # JSON: `name`, `model` (a ModelConfig), `vocabulary`, and what training adds about the model

SHIPPED = Path(__file__).parent.parent / "weights"


class WeightsError(RuntimeError):
    """A model's files cannot be read. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's variables and its card."""

    arrays: Mapping[str, Float32Array]  # by `layer/variable`
    card: Card
    folder: Path = SHIPPED  # where they were read; the files for novelty and ranking may be there too


def first_tables(weights: Weights) -> dict[int, Float32Array]:
    """What each input contributes to the gates of the first layer: column of INPUTS → (classes, 4 · units).

    The embedding and the product with its part of the kernel become one table.
    """
    embeddings = _tables(weights, "embedding")
    shares = np.split(weights.arrays["lstm_0/kernel"], np.cumsum([table.shape[1] for table in embeddings.values()])[:-1])
    return {column: table @ share for (column, table), share in zip(embeddings.items(), shares, strict=True)}


def skip_tables(weights: Weights) -> dict[int, Float32Array]:
    """What each input adds to the logits by the skip connection: column of INPUTS → (classes, vocabulary)."""
    gain = np.float32(weights.card["model"]["skip_gain"])
    return {column: gain * table for column, table in _tables(weights, "skip").items()}


def _tables(weights: Weights, kind: str) -> dict[int, Float32Array]:
    found = {column: weights.arrays.get(f"{name}_{kind}/embeddings") for column, name in enumerate(INPUTS)}
    return {column: table for column, table in found.items() if table is not None}


def save_weights(model: keras.Model, card: Card, folder: Path) -> None:
    """Writes a Keras model's variables in half precision, which hardly changes an LSTM's output."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{layer.name}/{variable.path.split('/')[-1]}": np.asarray(variable.value, np.float16)
        for layer in model.layers
        for variable in layer.trainable_variables
    }
    np.savez_compressed(folder / "weights.npz", **arrays)  # type: ignore[arg-type]  # NumPy's types take the names for its own options
    _write_card({**card, "vocabulary": list(VOCABULARY)}, folder)


def amend_card(folder: Path, entries: Card) -> None:
    """Adds entries to the card of the model in a folder or replaces them. Raises WeightsError."""
    _write_card({**load_weights(folder).card, **entries}, folder)


def _write_card(card: Card, folder: Path) -> None:
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_weights(folder: Path | None = None) -> Weights:
    """The model in a folder, by default the shipped one. Raises WeightsError."""
    folder = folder or SHIPPED
    card = read_card(folder)
    try:
        with np.load(folder / "weights.npz", allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(folder, error) from error
    return Weights(arrays, card, folder)


def read_card(folder: Path) -> Card:
    """The card of the model in a folder. Raises WeightsError, also if the weights are missing."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    if not isinstance(card, dict) or "name" not in card or card.get("vocabulary") != list(VOCABULARY):
        raise WeightsError(f"The model in {folder} was trained with another vocabulary. Train it again.")
    if not zipfile.is_zipfile(folder / "weights.npz"):
        raise _unreadable(folder, "its weights.npz is missing or broken")
    return card


def _unreadable(folder: Path, error: Exception | str) -> WeightsError:
    return WeightsError(f"The model in {folder} cannot be read ({error}). Restore it with git, or train one.")
