"""Training on several devices or hosts gives the same result as on one."""

import csv
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.training.tiny import CONFIG, corpus
from training import commands
from training.strategy import open_strategy
from training.train import train

ROOT = Path(__file__).parents[2]
FEW_THREADS = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}


@pytest.fixture(scope="module")
def single_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """A run of a single process with the whole batch, and its weights."""
    run = tmp_path_factory.mktemp("single") / "run"
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
    """Free ports outside the range that the system hands out, so that no other process takes them before they are used."""
    free: list[int] = []
    port = 20_000 + os.getpid() % 10_000
    while len(free) < count:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            free.append(port)
        port += 1
    return free


@pytest.mark.timeout(1_500)  # TensorFlow starts twice
def test_two_workers_train_like_one_process(tmp_path: Path, single_process: tuple[Path, list[np.ndarray]]) -> None:
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
    np.testing.assert_allclose(losses(tmp_path / "run0"), losses(single_process[0]), rtol=1e-4)
    for own, other in zip(first, single_process[1], strict=True):
        np.testing.assert_allclose(own, other, atol=1e-4)
    names = {path.name for path in (tmp_path / "run0").iterdir()}
    assert names >= {"config.json", "log.csv", "curves.png", "checkpoint.npz", "best.weights.h5", "tensorboard"}
    assert not (tmp_path / "run1").exists()  # only the first worker writes


@pytest.mark.timeout(1_500)
def test_two_devices_train_like_one(tmp_path: Path, single_process: tuple[Path, list[np.ndarray]]) -> None:
    finish(start(tmp_path / "run", tmp_path / "out.npz", "--strategy=mirrored"))
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(single_process[0]), rtol=1e-4)
    for own, other in zip(weights(tmp_path / "out.npz"), single_process[1], strict=True):
        np.testing.assert_allclose(own, other, atol=1e-4)


def test_a_lost_worker_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the one that TensorFlow raised after one of two workers was killed."""

    def lose_worker(*_: object, **__: object) -> None:
        raise tf.errors.UnavailableError(None, None, "Collective ops is aborted by: Error reported from /job:worker/task:1")

    for name, replacement in {
        "open_strategy": lambda _: open_strategy(None),
        "collect": lambda *_, **__: corpus(),
        "train": lose_worker,
    }.items():
        monkeypatch.setattr(commands, name, replacement)
    folders: dict[str, Any] = {
        "data_dir": tmp_path,
        "run": tmp_path / "run",
        "target": tmp_path,
        "extra": None,
        "echo": print,
        "verbose": 0,
    }
    with pytest.raises(ValueError, match=r"Lost a worker \(UnavailableError\). Restart all workers"):
        commands.train_and_export(CONFIG, **folders, strategy="multiworker")
    with pytest.raises(tf.errors.UnavailableError):  # with one process it has another cause
        commands.train_and_export(CONFIG, **folders)


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
def test_training_on_several_hosts_needs_a_valid_tf_config(monkeypatch: pytest.MonkeyPatch, config: str | None) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match="needs TF_CONFIG in the environment"):
        open_strategy("multiworker")
