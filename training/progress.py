"""Shows the progress of training: a bar on a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

WIDTH = 24  # characters of the bar
REFRESH_S = 0.5


class Progress:
    """Prints the progress. verbose: 0 prints nothing, 1 draws a bar, 2 prints one line per epoch."""

    def __init__(self, verbose: int, epochs: int, steps: int) -> None:
        self.verbose, self.epochs, self.steps = verbose, epochs, steps
        self.shown = 0.0

    def due(self) -> bool:
        """Whether to redraw the bar. Reading the loss makes a GPU wait, so this isn't done at every step."""
        return self.verbose == 1 and time.monotonic() - self.shown >= REFRESH_S

    def step(self, epoch: int, done: int, loss: float, tokens: float, seconds: float) -> None:
        """Draws the bar. `epoch` counts from 0; `loss`, `tokens` and `seconds` are those of this epoch so far."""
        self.shown = time.monotonic()
        filled = WIDTH * done // self.steps
        remaining = (self.steps * (self.epochs - epoch) - done) * seconds / done
        self._write(
            f"\rEpoch {epoch + 1}/{self.epochs} [{'#' * filled}{'-' * (WIDTH - filled)}] {done}/{self.steps}, "
            f"loss {loss:.4f}, {tokens / seconds:,.0f} tokens/s, {format_duration(remaining)} left at most\x1b[K"
        )

    def epoch(self, row: Mapping[str, float], note: str) -> None:
        if self.verbose:
            self._write(
                ("\r\x1b[K" if self.verbose == 1 else "") + f"Epoch {int(row['epoch']) + 1}/{self.epochs}: "
                f"loss {row['loss']:.4f}, accuracy {row['accuracy']:.1%}; "
                f"validation {row['val_loss']:.4f}, {row['val_accuracy']:.1%}; "
                f"{row['tokens_per_s']:,.0f} tokens/s, {format_duration(row['seconds'])}{note}\n"
            )

    def end(self, reason: str, temperature: float) -> None:
        if self.verbose:
            self._write(f"Training stops: {reason}. Calibration divides the logits by {temperature:g}.\n")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def format_duration(seconds: float) -> str:
    minutes, whole = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{whole:02}" if minutes >= 60 else f"{minutes}:{whole:02}"
