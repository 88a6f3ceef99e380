"""`tunesmith corpus`, `train`, `evaluate` and `report`: from public tune collections to a model and its measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import DIRECTORY, EXISTING_DIRECTORY, EXISTING_FILE, FILE
from bot.settings import quiet_tensorflow
from generator.request import MAX_CANDIDATES

_OWN_TUNES = click.option("--abc", "extra", type=EXISTING_DIRECTORY, help="A folder with your own tunes, to add to the corpus.")


@click.command()
@_OWN_TUNES
@click.option("--out", type=DIRECTORY, help="Folder for the corpus. [default: DATA_DIR/corpus]")
def corpus(extra: Path | None, out: Path | None) -> None:
    """Build the training corpus: download, check and repair tunes, group them into families, and split them."""
    from training.corpus.collect import collect, write_corpus
    from training.corpus.sources import SourceError

    cache = read_settings().data_dir / "corpus"
    target = out or cache
    try:
        target.mkdir(parents=True, exist_ok=True)  # fails now and not after the work
        built = collect(
            cache,
            extra=extra,
            echo=lambda line: click.echo(line, err=True),
            progress=lambda tunes: click.progressbar(
                tunes, label="Reading tunes", file=sys.stderr, hidden=not sys.stderr.isatty(), update_min_steps=50
            ),
        )
        click.echo(write_corpus(built, target))
    except SourceError as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, error.filename or target) from error
    click.echo(f"The corpus is in {target}.")


@click.command()
@click.option("--config", type=EXISTING_FILE, help="A TOML file as in training/configs. [default: the shipped model's]")
@click.option(
    "--run", "folder", type=DIRECTORY, help="Folder for the run; an existing run is continued. [default: in DATA_DIR/runs]"
)
@click.option("--out", type=DIRECTORY, help="Folder for the trained model. [default: RUN/weights]")
@_OWN_TUNES
@click.option(
    "--strategy",
    type=click.Choice(["mirrored", "multiworker"]),
    help="mirrored: train on all GPUs of this machine. multiworker: on the hosts in TF_CONFIG; start it on each of them.",
)
def train(
    config: Path | None,
    folder: Path | None,
    out: Path | None,
    extra: Path | None,
    strategy: Literal["mirrored", "multiworker"] | None,
) -> None:
    """Train a model and write its weights and model card."""
    quiet_tensorflow()
    import training
    from training.commands import train_and_export
    from training.config import TrainConfig
    from training.corpus.sources import SourceError

    settings = read_settings()
    try:
        chosen = TrainConfig.load(config or Path(training.__path__[0]) / "configs" / "tunesmith.toml")
        run_folder = folder or settings.data_dir / "runs" / chosen.name
        train_and_export(
            chosen,
            data_dir=settings.data_dir,
            run=run_folder,
            target=out or run_folder / "weights",
            extra=extra,
            echo=click.echo,
            verbose=1 if sys.stdout.isatty() else 2,
            strategy=strategy,
        )
    except (SourceError, ValueError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, error.filename or f"The run in {run_folder}") from error


@click.command()
@click.option("--run", type=EXISTING_DIRECTORY, help="A run of `tunesmith train`; its best model is measured.")
@click.option("--model", type=EXISTING_DIRECTORY, help="A folder with weights and card. [default: RUN's, or the model in use]")
@click.option("--baseline", "baselines", type=EXISTING_DIRECTORY, multiple=True, help="A run to compare with; repeatable.")
@click.option("--ngram/--no-ngram", default=True, show_default=True, help="Compare with an n-gram model too.")
@click.option("--tunes", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Tunes per seed.")
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="How often to repeat with another seed.")
@click.option("--temperature", type=click.FloatRange(0.1, 2), default=1.0, show_default=True)
@click.option("--candidates", type=click.IntRange(1, MAX_CANDIDATES), help="Candidates for each tune. [default: as for people]")
@click.option("--per-rhythm", type=click.IntRange(0), default=30, show_default=True, help="Tunes for the figures by rhythm.")
@click.option("--judge", "with_judge", is_flag=True, help="Try to tell the tunes from real ones; takes minutes.")
@click.option("--out", type=DIRECTORY, help="Folder for evaluation.json. [default: RUN, or DATA_DIR/evaluation]")
@click.option("--card", type=EXISTING_DIRECTORY, help="A folder with weights; the table's means are added to its card.")
def evaluate(run: Path | None, model: Path | None, out: Path | None, card: Path | None, **choices: Any) -> None:
    """Compare a model with real tunes and with other models; print a table and write evaluation.json."""
    if run and model:
        raise Failure("--run already chooses the model: leave out --run or --model.", 2)
    quiet_tensorflow()
    from generator.composer.weights import WeightsError, amend_card
    from training.corpus.corpus import Corpus
    from training.evaluation.evaluate import evaluate as measure
    from training.evaluation.table import means, table

    settings = read_settings()
    target = out or run or settings.data_dir / "evaluation"
    try:
        found = measure(
            Corpus.load(settings.data_dir / "corpus" / "corpus.jsonl"),
            target,
            run=run,
            model=model or settings.model,
            echo=lambda line: click.echo(line, err=True),
            track=lambda label, items: click.progressbar(items, label=label, file=sys.stderr),
            **choices,
        )
        if card:
            amend_card(card, {"evaluation": means(found)})
    except (ValueError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, error.filename or target) from error
    click.echo(table(found))
    click.echo(f"Written: {target / 'evaluation.json'}.")


@click.command()
@click.option("--run", type=EXISTING_DIRECTORY, help="A run of `tunesmith train`. [default: the shipped model's]")
@click.option("--model", type=EXISTING_DIRECTORY, help="A folder with weights and card. [default: RUN/weights]")
@click.option("--evaluation", type=EXISTING_FILE, help="A file of `tunesmith evaluate`. [default: RUN/evaluation.json]")
@click.option("--out", type=FILE, help="The file to write. [default: RUN/report.html]")
def report(run: Path | None, model: Path | None, evaluation: Path | None, out: Path | None) -> None:
    """Write one page about a model and its evaluation: curves, tables, plots and tunes to play."""
    quiet_tensorflow()
    from generator.composer.weights import WeightsError, load_weights
    from generator.rendering.audio.mastering import RATE
    from generator.rendering.audio.midi import write_halves
    from generator.rendering.audio.sound_font import find_soundfont
    from generator.rendering.audio.synthesis import synthesise
    from generator.rendering.result import RenderingError
    from generator.rendering.sheet.engraving import engrave
    from generator.rendering.sheet.musicxml import write_musicxml
    from training.report.report import report as write_report
    from training.report.samples import SAMPLES

    settings = read_settings()
    folder = run or settings.data_dir / "evaluation"
    target = out or folder / "report.html"
    try:
        font = find_soundfont(settings.soundfont)
        weights = load_weights(model or (run / "weights" if run else settings.model))
        trained = run or settings.data_dir / "runs" / str(weights.card["name"])
        with click.progressbar(length=SAMPLES, label="Rendering", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            missing = write_report(
                evaluation or folder / "evaluation.json",
                target,
                weights=weights,
                run=trained,
                render=lambda score: (engrave(score, write_musicxml(score)), synthesise(write_halves(score), font), RATE),
                on_progress=lambda: bar.update(1),
            )
    except (RenderingError, ValueError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, target) from error
    for notice in missing:
        click.echo(notice, err=True)
    click.echo(f"The report is in {target}.")
