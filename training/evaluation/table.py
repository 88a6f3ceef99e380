"""The measures by name: what each is called and says, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.evaluation.distributions import KINDS


@dataclass(frozen=True, slots=True)
class Label:
    """What a measure is called, how its figures are to be shown, and what it says."""

    group: str
    kind: str  # share, number, bits, divergence or ratio
    label: str
    says: str


MEASURES = {
    "bits_per_note_test": Label(
        "Likelihood",
        "bits",
        "bits per note, test",
        "Bits that the model needs for the body of a test tune, its end included, divided by the notes.",
    ),
    "bits_per_note_validation": Label("Likelihood", "bits", "bits per note, validation", "The same on the validation tunes."),
    "readable": Label("Well made", "share", "can be read", "Tunes that our reader reads; what it cannot read fails all else."),
    "abc2midi": Label("Well made", "share", "abc2midi finds no fault", "Tunes that abc2midi plays without error or warning."),
    "bars_legal": Label(
        "Well made", "share", "every bar legal", "Tunes in which all bars add up, pick-ups paired with last bars of parts."
    ),
    "legal_bars": Label("Well made", "share", "bars that are legal", "Bars that add up, of those of all tunes that can be read."),
    "repeats_resolve": Label(
        "Well made",
        "share",
        "repeats and endings resolve",
        "Tunes in which each |: is closed, and each first ending has its second.",
    ),
    "ends_on_tonic": Label("Form", "share", "ends on the tonic", "Tunes whose last note, as played, is the tonic in any octave."),
    "aabb": Label(
        "Form", "share", "AABB in 8 bars", "Two parts of eight bars, each repeated, of the tunes asked for with a dance rhythm."
    ),
    "parts_of_8": Label("Form", "share", "parts of 8 bars", "Parts of eight bars without the pick-up, of all parts."),
    "metre": Label(
        "As asked", "share", "metre as asked", "Tunes in the metre asked for that is filled by nine of ten bars or more."
    ),
    "key_written": Label("As asked", "share", "key as asked, as written", "Tunes whose K: is the key asked for."),
    "key": Label(
        "As asked",
        "share",
        "key as asked, and heard",
        "The same where, besides, no other diatonic scale holds 2 in 100 notes more than the key's own.",
    ),
    "notes_in_scale": Label("As asked", "share", "notes in the scale", "Notes that belong to the scale of the key asked for."),
    "rhythm": Label(
        "As asked",
        "share",
        "rhythm as asked",
        "Tunes that the classifier finds consistent with the rhythm asked for, as it does 95 of 100 real validation tunes.",
    ),
    "rhythm_same": Label(
        "As asked", "share", "rhythm asked is likeliest", "Tunes that the classifier takes for the rhythm asked for."
    ),
    "fiddle": Label("Playable", "share", "on a fiddle", "Tunes within G3 to B5, the first position."),
    "whistle": Label("Playable", "share", "on a D whistle", "Tunes within D4 to B5 as written; it sounds an octave higher."),
    "run_13": Label(
        "New", "share", "shares 13 notes or more", "Tunes with a run of 13 notes that stands in a training tune, in whatever key."
    ),
    "run_17": Label("New", "share", "shares 17 notes or more", "The same for 17 notes."),
    "run_33": Label("New", "share", "shares 33 notes or more", "The same for 33 notes."),
    "run_median": Label("New", "number", "longest shared run, median", "Notes of a tune's longest such run: the middle tune's."),
    "run_longest": Label("New", "number", "longest shared run of all", "Notes of the longest such run of any tune."),
    "distinct": Label("New", "share", "distinct tunes", "Different melodies, keys apart, of the tunes that can be read."),
    **{
        f"jsd_{kind}": Label(
            "Like real tunes",
            "divergence",
            f"divergence, {kind.replace('_', ' ')}",
            f"Jensen-Shannon divergence, in bits, from as many training tunes of the same rhythms and modes: {says}.",
        )
        for kind, says in KINDS.items()
    },
    **{
        f"jsd_{kind}_floors": Label(
            "Like real tunes",
            "ratio",
            f"… in floors, {kind.replace('_', ' ')}",
            "The divergence as a multiple of that of the real test tunes, which is what chance alone makes it.",
        )
        for kind in KINDS
    },
    "recall_notes": Label(
        "Repetition",
        "share",
        "bars 5–8 recall 1–4, notes",
        "Notes of bars 5 to 8 of a part that stand at the same place of bars 1 to 4.",
    ),
    "recall_bars": Label("Repetition", "share", "bars 5–8 recall 1–4, bars", "Bars 5 to 8 of a part that equal bars 1 to 4."),
    "endings_alike": Label(
        "Repetition",
        "share",
        "the B part ends like the A part",
        "Notes of bars 5 to 8 of the second part that stand at the same place of those of the first.",
    ),
    "bars": Label("Size", "number", "bars", "Bars of a tune as written, without pick-ups and second endings."),
    "notes": Label("Size", "number", "notes", "Notes of a tune as written."),
    "own_bits_per_token": Label(
        "Size", "bits", "bits per token of its own", "How surprising the model finds what it composes under the grammar."
    ),
}


def table(found: Mapping[str, Any]) -> str:
    """The table of an evaluation, for a terminal: a row for each measure, a column for each source of tunes."""
    columns = found["columns"]
    names = [found["column_labels"][column] for column in columns]
    rows: list[list[str]] = []
    group = ""
    for measure, label in found["labels"].items():
        if label["group"] != group:
            group = label["group"]
            rows.append([group.upper()])
        cells = [found["measures"][measure].get(column) for column in columns]
        rows.append([label["label"], *(_cell(cell, label["kind"]) for cell in cells)])
    first = max(len(row[0]) for row in rows)
    widths = [max(len(name), *(len(row[at]) for row in rows if len(row) > 1)) for at, name in enumerate(names, 1)]
    lines = ["  ".join([" " * first, *(name.rjust(width) for name, width in zip(names, widths, strict=True))])]
    for head, *cells in rows:
        lines.append(
            "  ".join([head.ljust(first), *(cell.rjust(width) for cell, width in zip(cells, widths, strict=False))]).rstrip()
        )
    return "\n".join([*lines, "", *found["notes"]]).rstrip() + "\n"


def means(found: Mapping[str, Any]) -> dict[str, Any]:
    """The table's means by measure and column, and what they rest on: for a model's card."""
    settings = {name: found["settings"][name] for name in ("model", "tunes", "seeds", "temperature", "corpus")}
    measures = {
        measure: {column: float(f"{cell['mean']:.4g}") for column, cell in cells.items()}
        for measure, cells in found["measures"].items()
    }
    return {"settings": settings, "measures": measures}


def _cell(cell: Mapping[str, Any] | None, kind: str) -> str:
    if cell is None:
        return "–"
    places = {"share": 1, "number": 1, "bits": 3, "divergence": 5, "ratio": 2}[kind]
    scale, unit = (100, " %") if kind == "share" else (1, "")
    spread = f" ± {cell['sd'] * scale:.{places}f}" if cell["sd"] is not None else ""
    return f"{cell['mean'] * scale:.{places}f}{spread}{unit}"
