"""The trained weights as files: `weights.npz`, half precision, and `card.json`, which says what they are."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer.features import INPUTS
from generator.notation.tokens import VOCABULARY

SHIPPED = Path(__file__).parent.parent / "weights"


class WeightsError(RuntimeError):
    """The model cannot be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The model's variables by `layer/variable`, float32, and its card."""

    arrays: Mapping[str, NDArray[np.float32]]
    card: Mapping[str, Any]
    folder: Path = SHIPPED  # where they were read, and what belongs to them may lie beside


def first_tables(weights: Weights) -> dict[int, NDArray[np.float32]]:
    """By column of INPUTS, (classes, 4 · units): what each input adds to the first layer's gates.

    An embedding followed by a matrix product is one table.
    """
    embeddings = _tables(weights, "embedding")
    shares = np.split(weights.arrays["lstm_0/kernel"], np.cumsum([table.shape[1] for table in embeddings.values()])[:-1])
    return {column: table @ share for (column, table), share in zip(embeddings.items(), shares, strict=True)}


def skip_tables(weights: Weights) -> dict[int, NDArray[np.float32]]:
    """By column of INPUTS, (classes, vocabulary): what speaks directly for or against each token."""
    gain = np.float32(weights.card["model"]["skip_gain"])
    return {column: gain * table for column, table in _tables(weights, "skip").items()}


def _tables(weights: Weights, kind: str) -> dict[int, NDArray[np.float32]]:
    found = {column: weights.arrays.get(f"{name}_{kind}/embeddings") for column, name in enumerate(INPUTS)}
    return {column: table for column, table in found.items() if table is not None}


def save_weights(model: Any, card: Mapping[str, Any], folder: Path) -> None:
    """Writes a Keras model's variables in half precision: an LSTM's outputs do not tell the difference."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{layer.name}/{variable.path.split('/')[-1]}": np.asarray(variable.value, np.float16)
        for layer in model.layers
        for variable in layer.trainable_variables
    }
    np.savez_compressed(folder / "weights.npz", **arrays)  # type: ignore[arg-type]  # numpy takes them for its own options
    _write_card({**card, "vocabulary": list(VOCABULARY)}, folder)


def amend_card(folder: Path, entries: Mapping[str, Any]) -> None:
    """Adds entries to the card of the model in a folder, or replaces them; raises WeightsError."""
    _write_card({**load_weights(folder).card, **entries}, folder)


def _write_card(card: Mapping[str, Any], folder: Path) -> None:
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_weights(folder: Path | None = None) -> Weights:
    """The model in a folder, the shipped one without it; raises WeightsError."""
    folder = folder or SHIPPED
    card = read_card(folder)
    try:
        with np.load(folder / "weights.npz", allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(folder, error) from error
    return Weights(arrays, card, folder)


def read_card(folder: Path) -> dict[str, Any]:
    """What a model says of itself, its `name` at least; raises WeightsError, also where its weights are not beside."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    if not isinstance(card, dict) or "name" not in card or card.get("vocabulary") != list(VOCABULARY):
        raise WeightsError(f"The model in {folder} was trained with other tokens than these. Train it again.")
    if not zipfile.is_zipfile(folder / "weights.npz"):
        raise _unreadable(folder, "its weights.npz is missing or broken")
    return card


def _unreadable(folder: Path, error: Exception | str) -> WeightsError:
    return WeightsError(f"The model in {folder} cannot be read ({error}). Restore it with git, or train one.")
