"""Files of models: saved weights are loaded again, and broken files raise errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.composer.weights import WeightsError, amend_card, load_weights, save_weights
from generator.notation.tokens import VOCABULARY
from tests.generator.composer.untrained import untrained


def test_saved_weights_are_loaded_in_half_precision(tmp_path: Path) -> None:
    from generator.composer.model import ModelConfig, build

    config = ModelConfig(units=16, layers=1, embedding=8, feature_width=4, columns=("token", "position", "bar"), skip_gain=0)
    model = build(config)
    save_weights(model, {"name": "x", "model": asdict(config)}, tmp_path / "new" / "folder")
    weights = load_weights(tmp_path / "new" / "folder")
    assert weights.card["name"] == "x"
    assert weights.folder == tmp_path / "new" / "folder"
    assert weights.card["vocabulary"] == list(VOCABULARY)
    assert sorted(weights.arrays) == [
        "bar_embedding/embeddings", "logits/bias", "logits/kernel", "lstm_0/bias", "lstm_0/kernel", "lstm_0/recurrent_kernel",
        "position_embedding/embeddings", "token_embedding/embeddings",
    ]  # fmt: skip
    kernel = np.asarray(model.get_layer("lstm_0").cell.kernel)
    assert weights.arrays["lstm_0/kernel"].dtype == np.float32
    assert np.array_equal(weights.arrays["lstm_0/kernel"], kernel.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut", None])
def test_broken_weights_raise_an_error_with_advice(tmp_path: Path, content: bytes) -> None:
    untrained(tmp_path)
    path = tmp_path / "weights.npz"
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    with pytest.raises(WeightsError, match="Restore it with git"):
        load_weights(tmp_path)


@pytest.mark.parametrize("name", ["weights.npz", "card.json"])
def test_missing_files_raise_an_error_with_advice(tmp_path: Path, name: str) -> None:
    untrained(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(WeightsError, match="Restore it with git"):
        load_weights(tmp_path)


@pytest.mark.parametrize("change", [lambda card: card["vocabulary"].append("new"), lambda card: card.pop("vocabulary")])
def test_a_model_with_another_vocabulary_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    untrained(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    change(card)
    (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(WeightsError, match="Train it again"):
        load_weights(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_card_is_refused(tmp_path: Path, text: str) -> None:
    untrained(tmp_path)
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError):
        load_weights(tmp_path)


def test_entries_are_added_to_a_card_and_the_weights_stay(tmp_path: Path) -> None:
    untrained(tmp_path)
    before = load_weights(tmp_path)
    amend_card(tmp_path, {"evaluation": {"é": 1}})
    after = load_weights(tmp_path)
    assert after.card == {**before.card, "evaluation": {"é": 1}}
    assert all(np.array_equal(after.arrays[name], array) for name, array in before.arrays.items())
