"""Draws the learning curves of a run: loss, accuracy, learning rate and tokens per second by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

TRAIN, VALIDATION = "#1f77b4", "#d95f02"


def draw(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draws the rows of log.csv into an image file."""
    figure = Figure(figsize=(10, 6.5), dpi=110, layout="constrained")
    loss, accuracy, rate, speed = figure.subplots(2, 2).flat
    epochs = [int(row["epoch"]) + 1 for row in rows]
    for axes, name, title in ((loss, "loss", "Loss (nats per token)"), (accuracy, "accuracy", "Accuracy (share of tokens)")):
        axes.plot(epochs, [row[name] for row in rows], color=TRAIN, marker=".", label="train")
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], color=VALIDATION, marker=".", label="validation")
        axes.set_title(title)
    best = min(rows, key=lambda row: row["val_loss"])
    loss.axvline(best["epoch"] + 1, color="grey", linewidth=0.8, linestyle=":")
    loss.annotate(
        f"best: {best['val_loss']:.4f} in epoch {int(best['epoch']) + 1}",
        (best["epoch"] + 1, best["val_loss"]),
        xytext=(0.97, 0.62),
        textcoords="axes fraction",
        horizontalalignment="right",
        arrowprops={"arrowstyle": "-", "color": "grey", "linewidth": 0.8},
    )
    for axes, name, title in ((rate, "learning_rate", "Learning rate"), (speed, "tokens_per_s", "Tokens per second")):
        axes.plot(epochs, [row[name] for row in rows], color=TRAIN, marker=".")
        axes.set_title(title)
        axes.set_ylim(0, 1.08 * max(row[name] for row in rows) or None)
    rate.ticklabel_format(axis="y", scilimits=(-3, 3))
    for axes in (loss, accuracy, rate, speed):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.25)
    loss.legend(loc="upper right")
    accuracy.legend(loc="lower right")
    figure.savefig(path)
