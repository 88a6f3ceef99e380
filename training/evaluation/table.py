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
    return "\n".join([*lines, *_rhythm_lines(found), *_sign_lines(found), "", *found["notes"]]).rstrip() + "\n"


def _rhythm_lines(found: Mapping[str, Any]) -> list[str]:
    """The tables by rhythm: for each measure a row for each rhythm."""
    columns = found["columns"]
    names = [found["column_labels"][column] for column in columns]
    lines: list[str] = []
    for measure, rows in found.get("by_rhythm", {}).items():
        label = found["labels"].get(measure) or {"label": measure, "kind": "number"}
        width = max(len(label["label"]), *map(len, rows))
        lines += ["", "  ".join([label["label"].ljust(width), *names])]
        for rhythm, row in rows.items():
            cells = [_plain(row.get(column), label["kind"]) for column in columns]
            padded = (cell.rjust(len(name)) for cell, name in zip(cells, names, strict=True))
            lines.append("  ".join([rhythm.ljust(width), *padded]))
    return ["", "BY RHYTHM", *lines] if lines else []


def _sign_lines(found: Mapping[str, Any]) -> list[str]:
    """What gives the tunes of each column away to the judge."""
    lines: list[str] = []
    for column, verdict in found.get("judge", {}).items():
        listed = ", ".join(f"{name} {area:.2f}" for name, area in verdict["signs"].items())
        lines += [
            "",
            f"Features of {found['column_labels'][column]} that alone tell the most (below 0.5: less than real): {listed}.",
        ]
    return lines


def _plain(value: float | None, kind: str) -> str:
    return _cell(None if value is None else {"mean": value, "sd": None}, kind)


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
    decimals = {"share": 1, "number": 1, "bits": 3, "divergence": 5, "ratio": 2, "fraction": 2}[kind]
    scale, unit = (100, " %") if kind == "share" else (1, "")
    spread = f" ± {cell['sd'] * scale:.{decimals}f}" if cell["sd"] is not None else ""
    return f"{cell['mean'] * scale:.{decimals}f}{spread}{unit}"
