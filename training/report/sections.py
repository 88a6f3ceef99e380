"""The sections of the report that show an evaluation: its table and its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from training.evaluation.distributions import HISTOGRAMS
from training.evaluation.metric_labels import format_value
from training.evaluation.results import GRAMMAR, RAW, REAL, Cell, Evaluation
from training.report import figures
from training.report.discussion import class_name

_HEADINGS = {"pitch_class": "Pitch classes", "interval": "Intervals", "bar_rhythm": "Bar rhythms", "contour": "Contours"}


def _colour(found: Evaluation, column: str) -> int:
    """The index of a column's colour: fixed for real, raw and grammar; the baselines follow."""
    fixed = [REAL, RAW, GRAMMAR]
    return fixed.index(column) if column in fixed else 3 + found.baselines.index(column)


def legend(found: Evaluation, columns: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (found.columns[name], figures.series(_colour(found, name))) for name in dict.fromkeys(columns) if name in found.columns
    ]


def table(found: Evaluation) -> list[tuple[str, list[tuple[str, str, list[tuple[str, str] | None]]]]]:
    """Groups of (metric, label, cells); a cell is its mean and its deviation as text."""
    groups: dict[str, list[tuple[str, str, list[tuple[str, str] | None]]]] = {}
    for metric, label in found.labels.items():
        row = found.metrics.get(metric, {})
        cells = [_cell_text(row[column], label.kind) if column in row else None for column in found.columns]
        if any(cells):
            groups.setdefault(label.group, []).append((metric, label.label, cells))
    return list(groups.items())


def _cell_text(cell: Cell, kind: str) -> tuple[str, str]:
    if cell.sd is None:
        return format_value(cell.mean, kind), ""
    spread = format_value(cell.sd, kind).removesuffix("\u00a0%")
    return format_value(cell.mean, kind), f"± {spread}"


def bits_chart(found: Evaluation) -> Markup | None:
    row = found.metrics.get("bits_per_note_test", {})
    ours = [name for name in (found.ours,) if name and name in row]  # the value is the same with and without the grammar
    columns = [*ours, *(name for name in found.baselines if name in row)]
    if not columns:
        return None
    values = [(found.columns[name].removesuffix(", with grammar").removesuffix(", raw"), row[name].mean, _colour(found, name))
              for name in columns]  # fmt: skip
    description = "Bits per note of the test tunes: " + ", ".join(f"{label} {value:.3f}" for label, value, _ in values) + "."
    return Markup(figures.bits_chart(values, "bits", description))  # noqa: S704 — our own figure


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    svg: Markup
    caption: str
    legend: Sequence[tuple[str, str]]
    training: bool  # whether the values of the training tunes are drawn too


def distribution_charts(found: Evaluation) -> list[Chart]:
    charts = []
    for kind, given in found.distributions.items():
        columns = {name: given["columns"][name] for name in found.columns if name in given["columns"]}
        if not columns:
            continue
        classes = [str(name) for name in given["classes"]]
        colours = {name: _colour(found, name) for name in columns}
        label = str(given.get("label") or HISTOGRAMS.get(kind, kind))
        svg = figures.share_chart(
            classes, columns, colours, f"plot-{kind}", _description(found, kind, classes, columns),
            xlabel=label, training=given["columns"].get("training"), slanted=kind in ("bar_rhythm", "contour"),
        )  # fmt: skip
        title = _HEADINGS.get(kind, "Longest shared sequences")
        chart = Markup(svg)  # noqa: S704 — our own figure
        has_training = "training" in given["columns"]
        charts.append(Chart(title, chart, _caption(found, kind), legend(found, list(columns)), has_training))
    return charts


def _description(found: Evaluation, kind: str, classes: Sequence[str], columns: Mapping[str, Sequence[float]]) -> str:
    """Alternative text of a bar chart: the most frequent class of each column."""
    most_frequent = []
    for name, values in columns.items():
        index = max(range(len(values)), key=values.__getitem__)
        what = f"{classes[index]} notes" if kind == "longest_run" else class_name(kind, classes[index])
        most_frequent.append(f"{found.columns[name]}: {what}, {format_value(values[index], 'share')}")
    return "Bar chart. The most frequent class of each: " + "; ".join(most_frequent) + ". The table gives the distances."


def _caption(found: Evaluation, kind: str) -> str:
    if kind == "longest_run":
        return "Tunes by the longest sequence of notes that they share with a training tune, in any key."
    distances = [
        f"{label} {far.mean:.5f}" + (f" ({ratio.mean:.2f} × real)" if ratio and name != REAL else "")
        for name, label in found.columns.items()
        if (far := found.cell(f"jsd_{kind}", name)) is not None
        for ratio in [found.cell(f"jsd_{kind}_ratio", name)]
    ]
    return f"Jensen-Shannon divergence from training tunes, in bits: {', '.join(distances)}." if distances else ""
