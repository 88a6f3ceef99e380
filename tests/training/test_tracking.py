"""Comet ML is told of a run, and cannot disturb it."""

import csv
import json
from dataclasses import replace

import pytest

from generator.composer.weights import load_weights
from tests.loopback.comet import FakeComet
from tests.training.tiny import CONFIG, corpus
from training import commands, tracking
from training.tracking import Comet

ROW = {"epoch": 0, "loss": 3.5, "val_loss": 3.25, "learning_rate": 0.001}


@pytest.fixture
def server():
    with FakeComet() as comet:
        yield comet


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "curves.png").write_bytes(b"\x89PNG\r\n--of a kind--\r\n")
    return folder


def epochs(run, count: int) -> None:
    """As many in the log."""
    with (run / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows({**ROW, "epoch": epoch, "loss": ROW["loss"] - epoch} for epoch in range(count))


def figures(count: int) -> list[tuple[int, str, float]]:
    rows = [{**ROW, "loss": ROW["loss"] - epoch} for epoch in range(count)]
    return [(at + 1, name, value) for at, row in enumerate(rows) for name, value in row.items() if name != "epoch"]


def comet(run, server, said=None, **more: str) -> Comet:
    return Comet(run, CONFIG, {**server.environment, **more}, (said if said is not None else []).append)


def test_a_run_is_sent_with_its_parameters_figures_curves_and_card(run, server):
    said: list[str] = []
    experiment = comet(run, server, said)
    for count in (1, 2):
        epochs(run, count)
        experiment.epoch()
    experiment.end({"name": "tiny", "rhythm": "slängpolska"})
    (kept,) = server.experiments
    assert (kept["workspaceName"], kept["projectName"], kept["experimentName"]) == ("fiddlers", "tunesmith", "tiny")
    assert kept["parameters"]["batch"] == 3
    assert kept["parameters"]["model.units"] == 8
    assert kept["metrics"] == figures(2)
    assert kept["assets"]["curves.png"] == ("image", (run / "curves.png").read_bytes())
    assert kept["assets"]["card.json"][0] == "asset"
    assert "slängpolska" in kept["assets"]["card.json"][1].decode()
    assert kept["alive"] is False
    assert said == ["Comet ML shows this run: https://comet.test/experiment0"]


def test_workspace_and_project_can_be_named(run, server):
    epochs(run, 1)
    comet(run, server, COMET_WORKSPACE="band", COMET_PROJECT_NAME="reels").epoch()
    assert (server.experiments[0]["workspaceName"], server.experiments[0]["projectName"]) == ("band", "reels")


def test_a_run_that_goes_on_goes_on_in_its_experiment(run, server):
    epochs(run, 2)
    comet(run, server).epoch()
    epochs(run, 3)
    comet(run, server).epoch()
    assert len(server.experiments) == 1
    assert server.experiments[0]["metrics"] == figures(3)


def test_what_a_server_did_not_take_is_sent_when_it_does_and_said_once(run, server):
    said: list[str] = []
    experiment = comet(run, server, said)
    server.failing = True
    for count in (1, 2):
        epochs(run, count)
        experiment.epoch()
    assert len(said) == 1
    assert said[0].startswith("Comet ML takes no figures (HTTP Error 500")
    server.failing = False
    epochs(run, 3)
    experiment.epoch()
    assert server.experiments[0]["metrics"] == figures(3)


def test_parameters_that_were_cut_off_are_sent_later_to_the_same_experiment(run, server):
    epochs(run, 1)
    experiment = comet(run, server)
    take = server._handle

    def cut_off(endpoint, *more):
        server.failing = server.failing or len(server.experiments) == 1  # from the experiment's making on
        return take(endpoint, *more)

    server._handle = cut_off
    experiment.epoch()
    assert server.experiments[0]["parameters"].keys() < {*CONFIG.flat()}
    server._handle, server.failing = take, False
    experiment.epoch()
    assert len(server.experiments) == 1
    assert server.experiments[0]["parameters"].keys() == CONFIG.flat().keys()
    assert server.experiments[0]["metrics"] == figures(1)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"COMET_API_KEY": "another-key"}, "401"),
        ({"COMET_API_KEY": "a key\nof two lines"}, "COMET_API_KEY holds characters that no key has"),
        ({"COMET_URL_OVERRIDE": "file:///etc/"}, "COMET_URL_OVERRIDE is not an address"),
        ({"COMET_URL_OVERRIDE": "http://127.0.0.1:1/"}, "refused"),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence_without_the_key(run, server, wrong, reason):
    said: list[str] = []
    epochs(run, 1)
    comet(run, server, said, **wrong).epoch()
    (sentence,) = said
    assert reason in sentence
    assert "another-key" not in sentence
    assert "two lines" not in sentence
    assert server.experiments == []


def test_a_server_that_does_not_answer_is_waited_for_once_an_epoch(run, server, monkeypatch):
    monkeypatch.setattr(tracking, "TIMEOUT_S", 0.3)
    said: list[str] = []
    epochs(run, 1)
    server.stop_answering()
    comet(run, server, said).epoch()
    (sentence,) = said
    assert "timed out" in sentence


def test_without_a_key_there_is_no_tracking(run, monkeypatch):
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    assert Comet.wished(run, CONFIG, print) is None
    monkeypatch.setenv("COMET_API_KEY", " ")
    assert Comet.wished(run, CONFIG, print) is None
    monkeypatch.setenv("COMET_API_KEY", "x")
    assert Comet.wished(run, replace(CONFIG, name="y"), print) is not None


def test_training_by_the_command_reports_there(tmp_path, server, monkeypatch):
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(commands, "collect", lambda *_, **__: corpus())
    said: list[str] = []
    run = tmp_path / "runs" / "tiny"
    places = {"data_dir": tmp_path, "run": run, "target": run / "weights", "extra": None}
    commands.train_and_ship(CONFIG, **places, echo=said.append, verbose=0)
    (kept,) = server.experiments
    assert {(epoch, name) for epoch, name, _ in kept["metrics"]} >= {(1, "loss"), (2, "val_accuracy"), (2, "tokens_per_s")}
    assert kept["assets"]["curves.png"][1] == (run / "curves.png").read_bytes()
    card = json.loads(kept["assets"]["card.json"][1])
    assert card["loss"] == load_weights(run / "weights").card["loss"]
    assert "bits a note on the test tunes" in said[-1]
