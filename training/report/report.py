"""`tunesmith report`: a run and its evaluation as one HTML file that needs nothing else, neither network nor scripts."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import lameenc
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from generator.composer.candidates import ComposedTune
from generator.composer.composer import Composer
from generator.composer.model import ModelConfig, build
from generator.composer.weights import Weights
from generator.notation.keys import Key
from generator.notation.score import Score
from generator.notation.writer import write
from generator.request import TuneRequest
from training.evaluation.distributions import KINDS
from training.evaluation.results import GRAMMAR, RAW, REAL, Cell, Evaluation, shown, verdicts
from training.report import figures
from training.report.discussion import class_name, discussion, next_steps

Render = Callable[[Score], tuple[str, NDArray[np.int16]]]  # the sheet as SVG, and stereo samples at 44.1 kHz
TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
WISHES = ({"rhythm": "reel", "key": "D", "seed": 1}, {"rhythm": "jig", "key": "Ador", "seed": 2})  # the same at each temperature
SAMPLES = len(TEMPERATURES) * len(WISHES)
_RATE, _BIT_RATE = 44_100, 40  # Hz of the samples; kbit/s, mono: a flute alone sounds well with it
_HEADINGS = {"pitch_class": "Pitch classes", "interval": "Intervals", "bar_rhythm": "Bar rhythms", "contour": "Contours"}


@dataclass(frozen=True, slots=True)
class _Run:
    """A run's curves; without them the sentence that says why."""

    name: str
    svg: Markup | None
    caption: str


def report(
    evaluation: Path, out: Path, *, weights: Weights, run: Path, render: Render, done: Callable[[], None] = lambda: None
) -> Sequence[str]:
    """Writes the report of a model into the file `out` and returns what it lacks, as sentences.

    `run` is where it was trained, and where its curves are; the baselines' are looked for in the folders of their names
    beside it. `done` hears of each sample that is rendered. Raises ValueError; what `render` raises comes through.
    """
    found = Evaluation.load(evaluation)
    name = str(weights.card["name"])
    rows = _rows(run)
    runs = [_curves(run, name, rows, 0)]
    runs += [_curves(run.parent / other, found.columns[other], _rows(run.parent / other), index)
             for index, other in enumerate(found.baselines, 1)]  # fmt: skip
    lacks = [f"The evaluation has no column of {label}, so nothing is said of that." for label in found.missing()]
    if "model" in found.settings and found.settings["model"] != name:
        lacks.append(f"The evaluation is of {found.settings['model']}, the samples are of {name}.")
    lacks += [one.caption for one in runs if one.svg is None]
    lacks += found.notes
    config = _config(weights)
    network = build(config)
    if not _is(network, weights):
        lacks.append(f"{name} was built otherwise than models are now, so that its summary and diagram are left out.")
        network = None
    layers = figures.layers(network) if network else []
    environment = Environment(
        loader=PackageLoader("training.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("report.html.j2").render(
        name=name,
        card=weights.card,
        found=found,
        lacks=lacks,
        runs=runs,
        layers=layers,
        parameters=sum(array.size for array in weights.arrays.values()),
        diagram=_diagram(config) if layers else "",
        verdicts=verdicts(found),
        table=_table(found),
        bits=_bits(found),
        plots=_plots(found),
        legend=_legend(found, [REAL, *found.columns]),
        samples=_samples(weights, render, done),
        passages=discussion(found, name, rows),
        steps=next_steps(found, rows),
        shown=shown,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return lacks


def _config(weights: Weights) -> ModelConfig:
    """The model's make-up; a card of an older version may name what there is no longer."""
    known = {item.name for item in fields(ModelConfig)}
    return ModelConfig(**{name: value for name, value in weights.card["model"].items() if name in known})


def _diagram(config: ModelConfig) -> Markup:
    says = (
        f"Diagram: {', '.join(name.replace('_', ' ') for name in config.inputs())} are embedded side by side, go through "
        f"{config.layers} LSTM layers of {config.units} units and become logits over {config.vocabulary} tokens."
    )
    return Markup(figures.diagram_of(config, "diagram", says))  # noqa: S704 — our own figure


def _is(network: Any, weights: Weights) -> bool:
    """Whether a network has just the variables of a model's weights."""
    built = {
        f"{layer.name}/{variable.path.split('/')[-1]}": tuple(variable.shape)
        for layer in network.layers
        for variable in layer.trainable_variables
    }
    return built == {name: array.shape for name, array in weights.arrays.items()}


def _rows(run: Path) -> list[dict[str, float]]:
    try:
        with (run / "log.csv").open(encoding="utf-8") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    except (OSError, ValueError, TypeError):
        return []


def _curves(run: Path, name: str, rows: Sequence[Mapping[str, float]], index: int) -> _Run:
    if not rows:
        why = (
            "It has none, being counted rather than trained."
            if name.lower().startswith("n-gram")
            else "Its run keeps no log.csv."
        )
        return _Run(name, None, f"There are no curves of {name}. {why}")
    try:
        best = min(rows, key=lambda row: row["val_loss"])
        caption = (
            f"{name}: {len(rows)} epochs; validation loss lowest in epoch {int(best['epoch']) + 1}, {best['val_loss']:.4f} nats"
            f" for each of its own {_symbols(run)}, with an accuracy of {shown(best['val_accuracy'], 'share')}."
        )
        return _Run(name, Markup(figures.curves_of(rows, f"curves-{index}", caption)), caption)  # noqa: S704 — our own figure
    except KeyError as error:
        return _Run(name, None, f"There are no curves of {name}: its log.csv lacks {error}, being of an older version.")


def _symbols(run: Path) -> str:
    try:
        form = json.loads((run / "config.json").read_text(encoding="utf-8")).get("tokens")
    except (OSError, ValueError):
        form = None
    return "characters" if form == "characters" else "tokens"


def _colour(found: Evaluation, column: str) -> int:
    """Real, raw and grammar have colours of their own, whichever of them are there; the baselines follow."""
    fixed = [REAL, RAW, GRAMMAR]
    return fixed.index(column) if column in fixed else 3 + found.baselines.index(column)


def _legend(found: Evaluation, columns: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (found.columns[name], figures.series(_colour(found, name))) for name in dict.fromkeys(columns) if name in found.columns
    ]


def _table(found: Evaluation) -> list[tuple[str, list[tuple[str, str, list[tuple[str, str] | None]]]]]:
    """Groups of (measure, label, cells), a cell being its mean and its spread as text."""
    groups: dict[str, list[tuple[str, str, list[tuple[str, str] | None]]]] = {}
    for measure, label in found.labels.items():
        row = found.measures.get(measure, {})
        cells = [_texts(row[column], label.kind) if column in row else None for column in found.columns]
        if any(cells):
            groups.setdefault(label.group, []).append((measure, label.label, cells))
    return list(groups.items())


def _texts(cell: Cell, kind: str) -> tuple[str, str]:
    if cell.sd is None:
        return shown(cell.mean, kind), ""
    spread = shown(cell.sd, kind).removesuffix("\u00a0%")
    return shown(cell.mean, kind), f"± {spread}"


def _bits(found: Evaluation) -> Markup | None:
    row = found.measures.get("bits_per_note_test", {})
    ours = [name for name in (found.ours,) if name and name in row]  # with and without grammar the figure is the same
    columns = [*ours, *(name for name in found.baselines if name in row)]
    if not columns:
        return None
    values = [(found.columns[name].removesuffix(", with grammar").removesuffix(", raw"), row[name].mean, _colour(found, name))
              for name in columns]  # fmt: skip
    says = "Bits per note of the test tunes: " + ", ".join(f"{label} {value:.3f}" for label, value, _ in values) + "."
    return Markup(figures.bits(values, "bits", says))  # noqa: S704 — our own figure


@dataclass(frozen=True, slots=True)
class _Plot:
    title: str
    svg: Markup
    caption: str
    legend: Sequence[tuple[str, str]]
    training: bool


def _plots(found: Evaluation) -> list[_Plot]:
    plots = []
    for kind, given in found.distributions.items():
        columns = {name: given["columns"][name] for name in found.columns if name in given["columns"]}
        if not columns:
            continue
        classes = [str(name) for name in given["classes"]]
        colours = {name: _colour(found, name) for name in columns}
        label = str(given.get("label") or KINDS.get(kind, kind))
        svg = figures.shares(
            classes, columns, colours, f"plot-{kind}", _says(found, kind, classes, columns),
            xlabel=label, training=given["columns"].get("training"), slanted=kind in ("bar_rhythm", "contour"),
        )  # fmt: skip
        legend, training = _legend(found, list(columns)), "training" in given["columns"]
        title = _HEADINGS.get(kind, "Longest shared runs")
        plots.append(_Plot(title, Markup(svg), _caption(found, kind), legend, training))  # noqa: S704 — our own figure
    return plots


def _says(found: Evaluation, kind: str, classes: Sequence[str], columns: Mapping[str, Sequence[float]]) -> str:
    """In words what the bars show: each column's commonest class."""
    tops = []
    for name, values in columns.items():
        at = max(range(len(values)), key=lambda index: values[index])
        what = f"{classes[at]} notes" if kind == "longest_run" else class_name(kind, classes[at])
        tops.append(f"{found.columns[name]}: {what}, {shown(values[at], 'share')}")
    return "Bar chart. The commonest in each: " + "; ".join(tops) + ". The table gives the distances."


def _caption(found: Evaluation, kind: str) -> str:
    if kind == "longest_run":
        return "Shares of the tunes by the longest run of notes that they share with any training tune, in whatever key."
    distances = [
        f"{label} {far.mean:.5f}"
        + (f" ({floors.mean:.2f} floors)" if floors and name != REAL else " (the floor)" * (name == REAL))
        for name, label in found.columns.items()
        if (far := found.cell(f"jsd_{kind}", name)) is not None
        for floors in [found.cell(f"jsd_{kind}_floors", name)]
    ]
    return f"Jensen-Shannon divergence from training tunes, in bits: {', '.join(distances)}." if distances else ""


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    seed: int
    bits: float
    abc: str
    sheet: Markup
    sound: str  # data URI


def _samples(weights: Weights, render: Render, done: Callable[[], None]) -> list[tuple[float, list[_Sample]]]:
    """The same wishes at each temperature, nobody's choice: the first tunes that came."""
    wishes = [TuneRequest.check(**wish, temperature=warm) for warm in TEMPERATURES for wish in WISHES]
    composer = Composer(weights, slots=len(wishes))
    try:
        tunes = composer.compose(wishes)
    finally:
        composer.close()
    groups: dict[float, list[_Sample]] = {}
    for index, (wish, tune) in enumerate(zip(wishes, tunes, strict=True)):
        groups.setdefault(wish.temperature, []).append(_sample(index, wish, tune, render))
        done()
    return list(groups.items())


def _sample(index: int, wish: TuneRequest, tune: ComposedTune, render: Render) -> _Sample:
    key = Key.parse(wish.key or "")
    name = f"{(wish.rhythm or 'tune').capitalize()} in {key}"
    sheet, sound = render(tune.score)
    says = (
        f"Sheet music of the {name.lower()[0]}{name[1:]}, temperature {wish.temperature:g}; the ABC below holds the same notes."
    )
    svg = Markup(figures.inline(sheet, f"tune-{index}", says))  # noqa: S704 — the renderer escapes what is not its own
    return _Sample(name, wish.seed, tune.bits_per_token, write(tune.score), svg, _mp3(sound))


def _mp3(samples: NDArray[np.int16]) -> str:
    """Samples of shape (frames, 2) as a small mono MP3, as a data URI."""
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(_RATE)
    encoder.set_bit_rate(_BIT_RATE)
    encoder.set_quality(5)
    encoder.silence()
    mono = samples.mean(axis=1).astype("<i2")
    mp3 = bytes(encoder.encode(mono.tobytes())) + bytes(encoder.flush())
    return "data:audio/mpeg;base64," + base64.b64encode(mp3).decode()
