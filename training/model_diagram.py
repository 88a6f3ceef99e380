"""Draws the model as a diagram: its inputs, layers and output."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from generator.composer.model import ModelConfig

INK = "#222222"
FILLS = _NUMERIC, _PLAIN, _RECURRENT, _TOKENS = "#e2f0d9", "#f2f2f2", "#fde3c8", "#dce9f5"
_BOX, _GAP = 2.6, 0.9  # widths of a layer's box and of the space to the next


def draw(config: ModelConfig) -> Figure:
    """From left to right: the embedded inputs with their widths, their concatenation, the LSTM layers, the logits."""
    inputs, numeric = config.inputs(), config.numeric_inputs()
    stages = [(f"concatenated\n{sum(width for _, width in inputs.values())}", _PLAIN)]
    stages += [(f"LSTM\n{config.units} units", _RECURRENT)] * config.layers
    stages += [(f"logits\n{config.vocabulary} tokens", _PLAIN)]
    width, height = (_BOX + _GAP) * (1 + len(stages)), float(len(inputs))
    figure = Figure(figsize=(0.66 * width, 0.27 * height + 0.4), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.2, width - _GAP + 0.2), ylim=(-0.6, height + 0.2))
    axes.set_axis_off()
    middle = height / 2 - 0.1
    for row, (name, (_, size)) in enumerate(inputs.items()):
        y = height - 1 - row
        _box(axes, 0, y, 0.8, f"{name.replace('_', ' ')} · {size}", _NUMERIC if name in numeric else _TOKENS)
        _arrow(axes, (_BOX, y + 0.4), (_BOX + _GAP, y + 0.4))
    for stage, (text, colour) in enumerate(stages, 1):
        x = stage * (_BOX + _GAP)
        full_height = stage == 1
        _box(axes, x, 0 if full_height else middle - 1, height - 0.2 if full_height else 2, text, colour)
        if colour == _RECURRENT:  # the recurrent connection
            _arrow(axes, (x + 0.8 * _BOX, middle - 1), (x + 0.2 * _BOX, middle - 1), bend=-1.0)
        if stage > 1:
            _arrow(axes, (x - _GAP, middle), (x, middle))
            if config.dropout and not (stage == 2 and config.one_hot):
                label = f"dropout\n{config.dropout:g}" + ("\nof blue" if stage == 2 else "")
                axes.text(x - _GAP / 2, middle + 0.25, label, ha="center", fontsize=7, color=INK)
    if config.skip_gain:
        right, last, y = 2 * _BOX + _GAP, len(stages) * (_BOX + _GAP) + _BOX / 2, height - 0.8
        axes.plot((right, last), (y, y), color=INK, linewidth=0.8)
        _arrow(axes, (last, y), (last, middle + 1))
        axes.text(
            right + 0.2,
            y + 0.15,
            "skip connection: token, last pitch and numeric features (green) add to each token's logit",
            fontsize=7,
            color=INK,
        )
    return figure


def _box(axes: Axes, x: float, y: float, height: float, text: str, colour: str) -> None:
    style = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch((x, y), _BOX, height, boxstyle=style, facecolor=colour, edgecolor=INK, linewidth=0.8))
    axes.text(x + _BOX / 2, y + height / 2, text, ha="center", va="center", fontsize=8.5, color=INK)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], *, bend: float = 0.0) -> None:
    style = f"arc3,rad={bend}"
    axes.add_patch(
        FancyArrowPatch(start, end, connectionstyle=style, arrowstyle="-|>", mutation_scale=8, color=INK, linewidth=0.8)
    )
