"""The progress bar of training."""

import pytest

from training.progress import Progress, format_duration


def test_the_bar_shows_progress_speed_and_remaining_time(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(1, epochs=4, steps=100)
    assert progress.due()
    progress.step(epoch=1, done=25, loss=2.5, tokens=50_000, seconds=10)
    assert not progress.due()
    shown = capsys.readouterr().out
    assert shown.startswith("\rEpoch 2/4 [######------------------] 25/100, loss 2.5000, 5,000 tokens/s, 1:50 left")
    assert not Progress(2, epochs=4, steps=100).due()
    assert [*map(format_duration, (0, 59.6, 3599, 3600, 86_461))] == ["0:00", "1:00", "59:59", "1:00:00", "24:01:01"]
