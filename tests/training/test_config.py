"""The configuration of a run: defaults, files and errors."""

from pathlib import Path
from typing import Any

import pytest

import training
from generator.composer.model import ModelConfig
from training.config import TrainConfig


@pytest.mark.parametrize("wrong", [{"optimizer": "sgd"}, {"learning_rate_schedule": "linear"}, {"tokenizer": "letters"}])
def test_an_unknown_choice_is_rejected(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is '{wrong[name]}', but must be one of"):
        TrainConfig(**wrong)


def test_a_configuration_file_overrides_defaults(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\nepochs = 3\n[model]\nunits = 5\n', encoding="utf-8")
    assert TrainConfig.load(path) == TrainConfig(name="x", epochs=3, model=ModelConfig(units=5))


@pytest.mark.parametrize(
    ("content", "name"), [("epoch = 3\n", "epoch"), ("[model]\nunit = 3\n", "unit"), ("[modell]\nunits = 3\n", "modell")]
)
def test_unknown_settings_are_rejected(tmp_path: Path, content: str, name: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"contains unknown settings: {name}\."):
        TrainConfig.load(path)


def test_all_configuration_files_load() -> None:
    paths = sorted((Path(training.__path__[0]) / "configs").glob("*.toml"))
    assert {TrainConfig.load(path).name for path in paths} >= {"folk_rnn", "mit_lab", "small"}
