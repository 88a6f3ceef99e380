"""The precision of training depends on the processor, unless it is set."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from generator.composer.processor import Processor
from tests.patience import HANG_S
from training import precision
from training.config import TrainConfig


@pytest.mark.parametrize(("features", "chosen"), [({"avx2"}, "float32"), ({"avx2", "avx512bf16"}, "mixed_bfloat16")])
def test_bfloat16_is_for_processors_with_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, features: set[str], chosen: str
) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: [])
    monkeypatch.setattr(precision, "PROCESSOR", Processor("x", frozenset(features), limited=False))
    assert precision.policy(TrainConfig()) == chosen
    assert precision.policy(TrainConfig(precision="mixed_bfloat16")) == "mixed_bfloat16"


def test_a_limit_on_instructions_holds_for_training_too() -> None:
    code = "from training.config import TrainConfig; from training.precision import policy; print(policy(TrainConfig()))"
    limited = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", code], env=limited, capture_output=True, text=True, timeout=HANG_S)
    assert done.stdout.strip() == "float32", done.stderr
