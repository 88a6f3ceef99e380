"""Several devices and several processes learn what one learns from the whole batch."""

import csv
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.training.tiny import CONFIG, corpus
from training import commands
from training.strategy import named
from training.train import train

ROOT = Path(__file__).parents[2]
FEW_THREADS = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One process with the joint batch: its run and weights."""
    run = tmp_path_factory.mktemp("alone") / "run"
    return run, train(CONFIG, corpus(), run, verbose=0).get_weights()


def start(run: Path, out: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.tiny", str(run), "--out", str(out), *options],
        cwd=ROOT,
        env={**os.environ, **FEW_THREADS, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    try:
        output, _ = process.communicate(timeout=1_400)
    finally:
        process.kill()
    assert process.returncode == 0, output[-3000:]
    return output


def weights(path: Path) -> list[np.ndarray]:
    with np.load(path) as file:
        return [file[name] for name in file.files]


def losses(run: Path) -> list[list[float]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return [[float(row[name]) for name in ("epoch", "loss", "accuracy", "val_loss")] for row in csv.DictReader(file)]


def ports(count: int) -> list[int]:
    """Free ones, of those that no system gives to whoever asks for any: nobody else is given them before they are used."""
    free: list[int] = []
    port = 20_000 + os.getpid() % 10_000
    while len(free) < count:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            free.append(port)
        port += 1
    return free


@pytest.mark.timeout(1_500)  # TensorFlow starts twice
def test_two_workers_learn_what_one_process_learns_from_the_joint_batch(tmp_path, alone):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports(2)]}
    processes = [
        start(
            tmp_path / f"run{index}",
            tmp_path / f"{index}.npz",
            "--strategy=multiworker",
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]
    for process in processes:
        finish(process)
    first, second = (weights(tmp_path / f"{index}.npz") for index in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    np.testing.assert_allclose(losses(tmp_path / "run0"), losses(alone[0]), rtol=1e-4)
    for own, other in zip(first, alone[1], strict=True):
        np.testing.assert_allclose(own, other, atol=1e-4)
    names = {path.name for path in (tmp_path / "run0").iterdir()}
    assert names >= {"config.json", "log.csv", "curves.png", "last.npz", "best.weights.h5", "tensorboard"}
    assert not (tmp_path / "run1").exists()  # only the first worker writes


@pytest.mark.timeout(1_500)
def test_two_devices_learn_what_one_learns_from_the_joint_batch(tmp_path, alone):
    finish(start(tmp_path / "run", tmp_path / "out.npz", "--strategy=mirrored"))
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(alone[0]), rtol=1e-4)
    for own, other in zip(weights(tmp_path / "out.npz"), alone[1], strict=True):
        np.testing.assert_allclose(own, other, atol=1e-4)


def test_a_worker_that_is_gone_is_said_in_a_sentence(tmp_path, monkeypatch):
    """What TensorFlow raises in the others was seen by killing one of two."""

    def gone(*_, **__):
        raise tf.errors.UnavailableError(None, None, "Collective ops is aborted by: Error reported from /job:worker/task:1")

    for name, double in {"named": lambda _: named(None), "collect": lambda *_, **__: corpus(), "train": gone}.items():
        monkeypatch.setattr(commands, name, double)
    places = {"data_dir": tmp_path, "run": tmp_path / "run", "target": tmp_path, "extra": None, "say": print, "verbose": 0}
    with pytest.raises(ValueError, match=r"A worker is gone \(UnavailableError\). Start all of them again"):
        commands.train_and_ship(CONFIG, **places, strategy="multiworker")
    with pytest.raises(tf.errors.UnavailableError):  # of one process it says something else
        commands.train_and_ship(CONFIG, **places)


@pytest.mark.parametrize(
    "config",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": []}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "x"}}',
    ],
)
def test_several_hosts_without_a_list_of_them_are_refused(monkeypatch, config):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match="needs TF_CONFIG in the environment"):
        named("multiworker")
