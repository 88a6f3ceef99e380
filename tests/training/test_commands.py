"""`tunesmith train` reports files that can't be written."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import main
from tests.training.tiny import corpus
from training import commands

CONFIG = 'name = "tiny"\nepochs = 1\n[model]\nunits = 8\nlayers = 1\nembedding = 8\nfeature_width = 4\nrecall_width = 4\n'


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Result]:
    """Runs the command with a folder for the run, on a corpus of a few tunes."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    monkeypatch.setattr(commands, "collect", lambda *_, **__: corpus())
    (tmp_path / "tiny.toml").write_text(CONFIG, encoding="utf-8")
    return lambda run: CliRunner().invoke(main, ["train", "--config", str(tmp_path / "tiny.toml"), "--run", str(run)])


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path, command: Callable[[Path], Result]) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    result = command(tmp_path / "taken" / "run")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"tunesmith: {tmp_path / 'taken' / 'run'} cannot be written: Not a directory."


def test_a_full_disk_is_reported(tmp_path: Path, command: Callable[[Path], Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "write_corpus", lambda *_: None)  # the corpus exists already
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))  # bytes per file
    try:
        result = command(tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 1
    message = f"tunesmith: The run in {tmp_path / 'run'} cannot be written: File too large."
    assert result.output.splitlines()[-1] == message
    assert not (tmp_path / "run" / "config.json").exists()
