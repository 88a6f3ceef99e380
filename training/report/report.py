"""`tunesmith report`: a run and its evaluation as one HTML file without external resources or scripts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from generator.composer.model import ModelConfig, build
from generator.composer.weights import Weights
from training.evaluation.metric_labels import format_value
from training.evaluation.results import Evaluation
from training.evaluation.targets import check_targets
from training.report import figures
from training.report.discussion import discussion
from training.report.next_steps import next_steps
from training.report.samples import Render, compose_samples
from training.report.sections import bits_chart, distribution_charts, table


@dataclass(frozen=True, slots=True)
class _Run:
    """A run's curves; without curves, `caption` says why."""

    name: str
    svg: Markup | None
    caption: str


def report(
    evaluation: Path, out: Path, *, weights: Weights, run: Path, render: Render, on_progress: Callable[[], None] = lambda: None
) -> Sequence[str]:
    """Writes the report of a model into the file `out`. Returns what is missing in it, as sentences.

    `run` is the folder of the model's run, for the curves; those of baselines are looked for beside it by their names.
    `on_progress` is called after each rendered sample. Raises ValueError, and whatever `render` raises.
    """
    found = Evaluation.load(evaluation)
    name = str(weights.card["name"])
    rows = _rows(run)
    runs = [_curves(run, name, rows, 0)]
    runs += [_curves(run.parent / other, found.columns[other], _rows(run.parent / other), index)
             for index, other in enumerate(found.baselines, 1)]  # fmt: skip
    missing = [f"The evaluation has no column of {label}, so it is not discussed." for label in found.missing()]
    if "model" in found.settings and found.settings["model"] != name:
        missing.append(f"The evaluation is of {found.settings['model']}, the samples are of {name}.")
    missing += [each.caption for each in runs if each.svg is None]
    missing += found.notes
    config = _config(weights)
    network = build(config)
    if not _matches(network, weights):
        missing.append(f"{name} has other layers than current models, so its summary and diagram are missing.")
        network = None
    layers = figures.layers(network) if network else []
    environment = Environment(
        loader=PackageLoader("training.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("report.html.j2").render(
        name=name,
        card=weights.card,
        found=found,
        missing=missing,
        runs=runs,
        layers=layers,
        parameters=sum(array.size for array in weights.arrays.values()),
        diagram=_diagram(config) if layers else "",
        targets=check_targets(found),
        table=table(found),
        bits=bits_chart(found),
        charts=distribution_charts(found),
        samples=compose_samples(weights, render, on_progress),
        passages=discussion(found, name, rows),
        steps=next_steps(found, rows),
        format_value=format_value,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return missing


def _config(weights: Weights) -> ModelConfig:
    """The model's configuration; unknown settings of older cards are ignored."""
    known = {item.name for item in fields(ModelConfig)}
    return ModelConfig(**{name: value for name, value in weights.card["model"].items() if name in known})


def _diagram(config: ModelConfig) -> Markup:
    description = (
        f"Diagram: {', '.join(name.replace('_', ' ') for name in config.inputs())} are embedded side by side, go through "
        f"{config.layers} LSTM layers of {config.units} units and become logits over {config.vocabulary} tokens."
    )
    return Markup(figures.diagram_of(config, "diagram", description))  # noqa: S704 — our own figure


def _matches(network: Any, weights: Weights) -> bool:
    """Whether a network has exactly the variables of the weights."""
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
        why = "It is counted, not trained." if name.lower().startswith("n-gram") else "Its run has no log.csv."
        return _Run(name, None, f"There are no curves of {name}. {why}")
    try:
        best = min(rows, key=lambda row: row["val_loss"])
        caption = (
            f"{name}: {len(rows)} epochs; validation loss lowest in epoch {int(best['epoch']) + 1}, {best['val_loss']:.4f} nats"
            f" per {_token_name(run)}, accuracy {format_value(best['val_accuracy'], 'share')}."
        )
        return _Run(name, Markup(figures.curves_of(rows, f"curves-{index}", caption)), caption)  # noqa: S704 — our own figure
    except KeyError as error:
        return _Run(name, None, f"There are no curves of {name}: its log.csv has no {error}.")


def _token_name(run: Path) -> str:
    try:
        tokenizer = json.loads((run / "config.json").read_text(encoding="utf-8")).get("tokenizer")
    except (OSError, ValueError):
        tokenizer = None
    return "character" if tokenizer == "characters" else "token"
