"""The charts of the report as SVG. Their colours are CSS variables of the page, so that they suit light and dark mode."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from generator.composer.model import ModelConfig
from training import curves, model_diagram

# Placeholder colours; the page's style defines the real ones.
_INK, _RULE = "#010203", "#010204"
_SERIES = tuple(f"#0102f{index}" for index in range(8))
_THEME = (
    {
        _INK: "var(--ink)",
        _RULE: "var(--rule)",
        model_diagram.INK: "var(--ink)",
        curves.TRAIN: "var(--series-2)",
        curves.VALIDATION: "var(--series-3)",
    }
    | {colour: f"var(--series-{index})" for index, colour in enumerate(_SERIES)}
    | {  # green, plain, amber and blue, to which the text of the diagram refers
        colour: f"color-mix(in srgb, var(--series-{index}) 22%, var(--leaf))"
        for colour, index in zip(model_diagram.FILLS, (1, 0, 3, 5), strict=True)
    }
)
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": _INK,
    "axes.facecolor": "none",
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.facecolor": "none",
    "grid.color": _INK,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "tunesmith",  # makes the output reproducible
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def series(index: int) -> str:
    """The CSS variable for a column's colour."""
    return f"var(--series-{index % len(_SERIES)})"


def curves_of(rows: Sequence[Mapping[str, float]], name: str, description: str) -> str:
    """The learning curves of a run; raises KeyError if log.csv lacks a column."""
    with mpl.rc_context(_STYLE), tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        path = Path(folder, "curves.svg")
        curves.draw(rows, path)
        return inline_svg(path.read_text(encoding="utf-8"), name, description)


def diagram_of(config: ModelConfig, name: str, description: str) -> str:
    """The diagram of the model."""
    with mpl.rc_context(_STYLE):
        return _saved(model_diagram.draw(config), name, description)


def bits_chart(values: Sequence[tuple[str, float, int]], name: str, description: str) -> str:
    """A bar chart of (label, bits per note, index of the colour)."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.6, 0.5 + 0.42 * len(values)), layout="constrained")
        axes = figure.subplots()
        labels = [label for label, _, _ in values]
        bars = axes.barh(
            labels, [value for _, value, _ in values], color=[_SERIES[index % 8] for _, _, index in values], height=0.66
        )
        axes.bar_label(bars, fmt="%.3f", padding=4)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel("bits per note of the test tunes")
        axes.tick_params(left=False)
        return _saved(figure, name, description)


def share_chart(
    classes: Sequence[str],
    columns: Mapping[str, Sequence[float]],
    colours: Mapping[str, int],
    name: str,
    description: str,
    *,
    xlabel: str,
    training: Sequence[float] | None = None,
    slanted: bool = False,
) -> str:
    """A grouped bar chart with a group for each class; the values of the training tunes are lines across the groups."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.5, 3.9 if slanted else 3.2), layout="constrained")
        axes = figure.subplots()
        width = 0.84 / max(len(columns), 1)
        for number, (column, values) in enumerate(columns.items()):
            positions = [group - 0.42 + (number + 0.5) * width for group in range(len(classes))]
            axes.bar(positions, values, width=0.92 * width, color=_SERIES[colours[column] % 8])
        if training is not None:
            groups = range(len(classes))
            axes.hlines(training, [g - 0.46 for g in groups], [g + 0.46 for g in groups], colors=_INK, linewidth=1.1)
        axes.set_xticks(range(len(classes)), [text.replace("-", "−") for text in classes])
        if slanted:
            axes.tick_params(axis="x", rotation=55)
            for label in axes.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
        axes.set_xlim(-0.6, len(classes) - 0.4)
        axes.set_xlabel(xlabel)
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.grid(axis="y", alpha=0.2, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(axis="x", length=0)
        return _saved(figure, name, description)


def _saved(figure: Figure, name: str, description: str) -> str:
    file = StringIO()
    figure.savefig(file, format="svg")
    return inline_svg(file.getvalue(), name, description)


_ID, _REFERENCE = re.compile(r'\s(?:xml:)?id="([^"]*)"'), re.compile(r'(href="#|url\(#)([^")]*)')
_STYLED = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)


def inline_svg(svg: str, name: str, description: str) -> str:
    """Makes an SVG document part of a page: unique ids, the page's size and colours, and `description` as alternative text."""
    svg = re.sub(
        r"<metadata>.*?</metadata>|<desc>.*?</desc>|<!--.*?-->|<style[^>]*>\*.*?</style>",
        "",
        svg[svg.index("<svg") :],
        flags=re.DOTALL,
    )
    referenced = {match[2] for match in _REFERENCE.finditer(svg)}
    referenced |= {root for match in _STYLED.finditer(svg) for root in re.findall(r"#([A-Za-z][\w-]*) ", match[2])}
    svg = _ID.sub(lambda match: f' id="{name}-{match[1]}"' if match[1] in referenced else "", svg)
    svg = _REFERENCE.sub(lambda match: f"{match[1]}{name}-{match[2]}", svg)
    svg = _STYLED.sub(lambda match: match[1] + re.sub(r"#([A-Za-z][\w-]*) ", rf"#{name}-\1 ", match[2]) + match[3], svg)
    for colour, themed in _THEME.items():
        svg = svg.replace(colour, themed)
    svg = re.sub(r"font-family: '[^;]*", "font-family: var(--sans)", svg)
    end = svg.index(">")
    head = re.sub(r'\s(?:width|height|version|overflow)="[^"]*"', "", svg[:end])
    return (
        f'{head} role="img" aria-label="{escape(description, {chr(34): "&quot;"})}"' + re.sub(r">\n\s*<", "><", svg[end:]).strip()
    )


def layers(model: Any) -> list[tuple[str, str, str, int]]:
    """(name, type, output shape, parameters) of a Keras model's layers, except for the selection of input columns."""
    rows = []
    for layer in model.layers:
        if layer.__class__.__module__.startswith("keras.src.ops"):
            continue
        shape = " × ".join("?" if size is None else str(size) for size in layer.output.shape)
        kind = layer.__class__.__name__
        name = "dropout" if kind == "Dropout" else layer.name  # Keras numbers them across the whole process
        rows.append((name, kind, shape, int(layer.count_params())))
    return rows
