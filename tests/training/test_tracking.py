"""Runs are sent to Comet ML, which can't disturb them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.composer.weights import load_weights
from tests.loopback.comet import FakeComet
from tests.training.tiny import CONFIG, corpus
from training import commands, tracking
from training.tracking import Comet

ROW = {"epoch": 0, "loss": 3.5, "val_loss": 3.25, "learning_rate": 0.001}


@pytest.fixture
def server() -> Iterator[FakeComet]:
    with FakeComet() as comet:
        yield comet


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "curves.png").write_bytes(b"\x89PNG\r\n--of a kind--\r\n")
    return folder


def write_log(run: Path, count: int) -> None:
    """Writes a log with `count` epochs."""
    with (run / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows({**ROW, "epoch": epoch, "loss": ROW["loss"] - epoch} for epoch in range(count))


def metrics(count: int) -> list[tuple[int, str, float]]:
    rows = [{**ROW, "loss": ROW["loss"] - epoch} for epoch in range(count)]
    return [(epoch, name, value) for epoch, row in enumerate(rows, 1) for name, value in row.items() if name != "epoch"]


def comet(run: Path, server: FakeComet, messages: list[str] | None = None, **environment: str) -> Comet:
    return Comet(run, CONFIG, {**server.environment, **environment}, (messages if messages is not None else []).append)


def test_parameters_metrics_curves_and_card_of_a_run_are_sent(run: Path, server: FakeComet) -> None:
    messages: list[str] = []
    experiment = comet(run, server, messages)
    for count in (1, 2):
        write_log(run, count)
        experiment.log_epoch()
    experiment.end({"name": "tiny", "rhythm": "slängpolska"})
    (experiment_sent,) = server.experiments
    assert (experiment_sent["workspaceName"], experiment_sent["projectName"], experiment_sent["experimentName"]) == (
        "fiddlers",
        "tunesmith",
        "tiny",
    )
    assert experiment_sent["parameters"]["batch_size"] == 3
    assert experiment_sent["parameters"]["model.units"] == 8
    assert experiment_sent["metrics"] == metrics(2)
    assert experiment_sent["assets"]["curves.png"] == ("image", (run / "curves.png").read_bytes())
    assert experiment_sent["assets"]["card.json"][0] == "asset"
    assert "slängpolska" in experiment_sent["assets"]["card.json"][1].decode()
    assert experiment_sent["alive"] is False
    assert messages == ["This run on Comet ML: https://comet.test/experiment0"]


def test_workspace_and_project_can_be_named(run: Path, server: FakeComet) -> None:
    write_log(run, 1)
    comet(run, server, COMET_WORKSPACE="band", COMET_PROJECT_NAME="reels").log_epoch()
    assert (server.experiments[0]["workspaceName"], server.experiments[0]["projectName"]) == ("band", "reels")


def test_a_resumed_run_continues_its_experiment(run: Path, server: FakeComet) -> None:
    write_log(run, 2)
    comet(run, server).log_epoch()
    write_log(run, 3)
    comet(run, server).log_epoch()
    assert len(server.experiments) == 1
    assert server.experiments[0]["metrics"] == metrics(3)


def test_unsent_metrics_are_sent_later_and_the_error_is_reported_once(run: Path, server: FakeComet) -> None:
    messages: list[str] = []
    experiment = comet(run, server, messages)
    server.failing = True
    for count in (1, 2):
        write_log(run, count)
        experiment.log_epoch()
    assert len(messages) == 1
    assert messages[0].startswith("Cannot send metrics to Comet ML (HTTP Error 500")
    server.failing = False
    write_log(run, 3)
    experiment.log_epoch()
    assert server.experiments[0]["metrics"] == metrics(3)


def test_missing_parameters_are_sent_later_to_the_same_experiment(
    run: Path, server: FakeComet, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(run, 1)
    experiment = comet(run, server)
    handle = server._handle

    def fail_after_creation(endpoint: str, *more: Any) -> object:
        server.failing = server.failing or len(server.experiments) == 1  # after the experiment was created
        return handle(endpoint, *more)

    monkeypatch.setattr(server, "_handle", fail_after_creation)
    experiment.log_epoch()
    assert server.experiments[0]["parameters"].keys() < {*CONFIG.flat()}
    monkeypatch.setattr(server, "_handle", handle)
    server.failing = False
    experiment.log_epoch()
    assert len(server.experiments) == 1
    assert server.experiments[0]["parameters"].keys() == CONFIG.flat().keys()
    assert server.experiments[0]["metrics"] == metrics(1)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"COMET_API_KEY": "another-key"}, "401"),
        ({"COMET_API_KEY": "a key\nof two lines"}, "COMET_API_KEY contains invalid characters"),
        ({"COMET_URL_OVERRIDE": "file:///etc/"}, "COMET_URL_OVERRIDE must begin with http"),
        ({"COMET_URL_OVERRIDE": "http://127.0.0.1:1/"}, "refused"),
    ],
)
def test_a_wrong_setting_is_reported_without_the_key(run: Path, server: FakeComet, wrong: dict[str, str], reason: str) -> None:
    messages: list[str] = []
    write_log(run, 1)
    comet(run, server, messages, **wrong).log_epoch()
    (message,) = messages
    assert reason in message
    assert "another-key" not in message
    assert "two lines" not in message
    assert server.experiments == []


def test_an_unresponsive_server_delays_each_epoch_only_once(
    run: Path, server: FakeComet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "TIMEOUT_S", 0.3)
    messages: list[str] = []
    write_log(run, 1)
    server.stop_answering()
    comet(run, server, messages).log_epoch()
    (message,) = messages
    assert "timed out" in message


def test_tracking_needs_a_key(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    assert Comet.from_environment(run, CONFIG, print) is None
    monkeypatch.setenv("COMET_API_KEY", " ")
    assert Comet.from_environment(run, CONFIG, print) is None
    monkeypatch.setenv("COMET_API_KEY", "x")
    assert Comet.from_environment(run, replace(CONFIG, name="y"), print) is not None


def test_the_train_command_sends_its_run(tmp_path: Path, server: FakeComet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(commands, "collect", lambda *_, **__: corpus())
    messages: list[str] = []
    run = tmp_path / "runs" / "tiny"
    folders: dict[str, Any] = {"data_dir": tmp_path, "run": run, "target": run / "weights", "extra": None}
    commands.train_and_export(CONFIG, **folders, echo=messages.append, verbose=0)
    (experiment_sent,) = server.experiments
    assert {(epoch, name) for epoch, name, _ in experiment_sent["metrics"]} >= {
        (1, "loss"),
        (2, "val_accuracy"),
        (2, "tokens_per_s"),
    }
    assert experiment_sent["assets"]["curves.png"][1] == (run / "curves.png").read_bytes()
    card = json.loads(experiment_sent["assets"]["card.json"][1])
    assert card["loss"] == load_weights(run / "weights").card["loss"]
    assert "bits per note" in messages[-1]
