"""Formats the metrics as a table: a row per metric, a column per source of tunes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(found: Mapping[str, Any]) -> str:
    """The table of an evaluation, for a terminal: a row for each metric, a column for each source of tunes."""
    columns = found["columns"]
    names = [found["column_labels"][column] for column in columns]
    rows: list[list[str]] = []
    group = ""
    for metric, label in found["labels"].items():
        if label["group"] != group:
            group = label["group"]
            rows.append([group.upper()])
        cells = [found["metrics"][metric].get(column) for column in columns]
        rows.append([label["label"], *(_cell(cell, label["kind"]) for cell in cells)])
    first = max(len(row[0]) for row in rows)
    widths = [max(len(name), *(len(row[index]) for row in rows if len(row) > 1)) for index, name in enumerate(names, 1)]
    lines = ["  ".join([" " * first, *(name.rjust(width) for name, width in zip(names, widths, strict=True))])]
    for head, *cells in rows:
        lines.append(
            "  ".join([head.ljust(first), *(cell.rjust(width) for cell, width in zip(cells, widths, strict=False))]).rstrip()
        )
    return "\n".join([*lines, "", *found["notes"]]).rstrip() + "\n"


def means(found: Mapping[str, Any]) -> dict[str, Any]:
    """The means by metric and column with the settings of the evaluation, for a model's card."""
    settings = {name: found["settings"][name] for name in ("model", "tunes", "seeds", "temperature", "corpus")}
    metrics = {
        metric: {column: float(f"{cell['mean']:.4g}") for column, cell in cells.items()}
        for metric, cells in found["metrics"].items()
    }
    return {"settings": settings, "metrics": metrics}


def _cell(cell: Mapping[str, Any] | None, kind: str) -> str:
    if cell is None:
        return "–"
    decimals = {"share": 1, "number": 1, "bits": 3, "divergence": 5, "ratio": 2}[kind]
    scale, unit = (100, " %") if kind == "share" else (1, "")
    spread = f" ± {cell['sd'] * scale:.{decimals}f}" if cell["sd"] is not None else ""
    return f"{cell['mean'] * scale:.{decimals}f}{spread}{unit}"
