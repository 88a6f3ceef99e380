"""The learning curves of a run."""

from pathlib import Path

import pytest
from PIL import Image

from training import curves


@pytest.mark.parametrize("count", [1, 2, 40])
def test_curves_are_drawn_from_the_log(tmp_path: Path, count: int) -> None:
    row = {"accuracy": 0.3, "val_accuracy": 0.2, "learning_rate": 1e-3, "tokens_per_s": 5e3, "seconds": 9}
    rows = [{"epoch": epoch, "loss": 4 / (epoch + 1), "val_loss": 5 / (epoch + 1), **row} for epoch in range(count)]
    curves.draw(rows, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.size[0] >= 1000
        assert {(31, 119, 180), (217, 95, 2)} <= {colour for _, colour in image.convert("RGB").getcolors(1 << 20) or []}
