"""The `tunesmith` command: `tunesmith --help`, or `python -m bot --help`.

Here the parts are put together. What a command needs is imported by the command: the bot's own process never loads
TensorFlow or music21.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Literal

import click

from bot.bench import bench
from bot.failure import Failure
from bot.failure import read_settings as _settings
from bot.settings import quiet_tensorflow

DIRECTORY = click.Path(file_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
INSTRUMENT = click.option(
    "--instrument", help="fiddle, flute, whistle, accordion, concertina, banjo, harp, piano; else the rhythm's."
)
BACKING = click.option(
    "--no-backing", "backing", flag_value=False, default=True, help="The melody alone, without guitar and drum."
)


def _serve(*, discord: bool, web: bool, worker: bool) -> None:
    from bot.discord.start import NoLogin
    from bot.logs import configure
    from bot.services import serve
    from bot.web import WebError
    from storage import StorageError

    settings = _settings()
    configure(json=settings.log_json, level=settings.log_level)
    if web:
        click.echo(f"Tunesmith's page: http://{settings.web_host}:{settings.web_port}", err=True)
    if web and worker and not discord:
        click.echo("No DISCORD_TOKEN is set, so only the page runs; .env.example says how to add the bot.", err=True)
    try:
        asyncio.run(serve(settings, discord=discord, web=web, worker=worker))
    except (NoLogin, StorageError, WebError) as error:
        raise Failure(error) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunesmith")
def main() -> None:
    """Composes, engraves and plays Irish dance tunes, in Discord, on a web page or here."""


@main.command()
def run() -> None:
    """Start everything: database, worker, web page, and the Discord bot where a token is set."""
    _serve(discord=_settings().discord_token is not None, web=True, worker=True)


@main.command()
def bot() -> None:
    """Start the Discord bot alone; workers take its jobs from the same database."""
    _serve(discord=True, web=False, worker=False)


@main.command()
def web() -> None:
    """Start the web page alone."""
    _serve(discord=False, web=True, worker=False)


@main.command()
@click.option("--supervised", is_flag=True, hidden=True, help="End when standard input ends.")
def worker(supervised: bool) -> None:
    """Start a worker: it composes and renders what the bot and the page were asked for."""
    from bot.logs import configure

    settings = _settings()
    configure(json=settings.log_json, level=settings.log_level)
    quiet_tensorflow()
    from bot.services import work
    from generator.composer.weights import WeightsError
    from generator.rendering.result import RenderingError
    from storage import StorageError

    try:
        asyncio.run(work(settings, supervised=supervised))
    except (RenderingError, StorageError, WeightsError) as error:
        raise Failure(error) from error


@main.command()
@click.option("--rhythm", help="reel, jig, slip jig, hornpipe, polka, slide, waltz, march, strathspey, air.")
@click.option("--key", help="As ABC writes it: D, Am, Edor, Gmaj, Bmix; or a mode alone: dorian.")
@click.option("--metre", help="4/4, 6/8, C| …")
@click.option("--opening", help="ABC to start from, or @FILE.")
@click.option("--mode", help="What becomes of the opening: continue, answer, vary, second part.")
@click.option("--strength", type=int, help="Of a variation: 1 changes little, 3 most; 2 without it.")
@click.option("--parent", type=FILE, help="A tune.abc to make a variation of.")
@click.option("--structure", help="parts (of eight bars, played twice) or free.")
@click.option("--candidates", type=int, help="Tunes of which the best is kept, 1 to 16.")
@click.option("--temperature", type=float, help="0.1 (steady) to 2 (wild).")
@click.option(
    "--without", help="What to leave out, with commas: triplets, semiquavers, accidentals, rests, ties, pick-ups, second endings."
)
@click.option("--tempo", type=float, help="Times the usual tempo, 0.5 (slow) to 1.5 (fast).")
@click.option("--seed", type=int, help="The same seed gives the same tune.")
@click.option("--title")
@click.option("--model", help="The name of the model that composes; `tunesmith doctor` names those that are here.")
@INSTRUMENT
@BACKING
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Tunes, with seeds from SEED on.")
@click.option("--set", "set_of", type=click.IntRange(2, 5), help="Tunes that go together, also in one set.abc.")
@click.option("--out", type=DIRECTORY, required=True, help="Folder to write into.")
@click.option("--abc-only", is_flag=True, help="Skip rendering.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def compose(
    out: Path,
    count: int,
    set_of: int | None,
    abc_only: bool,
    as_json: bool,
    opening: str | None,
    parent: Path | None,
    mode: str | None,
    **wish: Any,
) -> None:
    """Compose tunes into a folder, without any service."""
    from generator.notation.errors import NotationError
    from generator.request import RequestError, TuneRequest
    from generator.sets import requests_of_set

    if parent and (opening or mode):
        raise Failure(ValueError("A variation begins with its parent: leave out --opening and --mode, or --parent."), 2)
    if set_of and count > 1:
        raise Failure(ValueError("A set has its own number of tunes: leave out --count or --set."), 2)
    try:
        if opening and opening.startswith("@"):
            opening = Path(opening[1:]).read_text(encoding="utf-8")
        if parent:
            opening = parent.read_text(encoding="utf-8")
        request = TuneRequest.check(opening=opening, mode="vary" if parent else mode, **wish)
    except RequestError as error:
        raise Failure(error, 2) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(ValueError(f"The opening cannot be read: {error}."), 2) from None
    quiet_tensorflow()
    from generator import file_output
    from generator.composer.models import Models, folders
    from generator.composer.weights import WeightsError
    from generator.rendering.result import RenderingError

    settings = _settings()
    requests = requests_of_set(request, set_of) if set_of else request.in_a_row(count)
    written: list[dict[str, Any]] = []
    try:
        with click.progressbar(length=len(requests), label="Composing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

            def done(tune: dict[str, Any]) -> None:
                written.append(tune)
                bar.update(1)

            models = Models(folders(settings.model, settings.further_models))
            if request.model and request.model not in models.names:
                raise Failure(ValueError(f"There is no model {request.model}. There are: {', '.join(models.names)}."), 2)
            kept = {"abc_only": abc_only, "as_set": set_of is not None}
            file_output.compose(requests, out, models=models, soundfont=settings.soundfont, done=done, **kept)
    except (NotationError, RenderingError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{out} cannot be written: {error.strerror}.")) from error
    if as_json:
        click.echo(json.dumps(written, indent=1))
    else:
        for tune in written:
            what = f"{tune['folder']}: {', '.join(tune['files'])}" if "files" in tune else tune["error"]
            click.echo(f"{tune['title']}, seed {tune['seed']}: {what}")
    if any("error" in tune for tune in written):
        raise Failure(ValueError("Not every tune could be rendered."))


@main.command()
@click.argument("file", type=FILE)
@click.option("--out", type=DIRECTORY, required=True, help="Folder to write into.")
@INSTRUMENT
@BACKING
def render(file: Path, out: Path, instrument: str | None, backing: bool) -> None:
    """Engrave and play anybody's ABC."""
    from generator import file_output
    from generator.notation.errors import NotationError
    from generator.rendering.result import RenderingError
    from generator.rendering.style import Style
    from generator.request import RequestError, instrument_named

    try:
        style = Style(instrument=instrument_named(instrument), backing=backing)
        files, notices = file_output.render_file(file, out, style=style, soundfont=_settings().soundfont)
    except RequestError as error:
        raise Failure(error, 2) from None
    except (NotationError, RenderingError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{out} cannot be written: {error.strerror}.")) from error
    for notice in notices:
        click.echo(notice, err=True)
    click.echo(f"{out}: {', '.join(files)}")


@main.command()
@click.option("--abc", "extra", type=FOLDER, help="A folder of your own tunes, added.")
@click.option("--out", type=DIRECTORY, help="Where the corpus goes; DATA_DIR/corpus without it.")
def corpus(extra: Path | None, out: Path | None) -> None:
    """Build the corpus that the model learns from: tunes judged, mended, sorted into families and split."""
    from training.corpus.collect import collect, write
    from training.corpus.sources import SourceError

    cache = _settings().data_dir / "corpus"
    target = out or cache
    try:
        target.mkdir(parents=True, exist_ok=True)  # what cannot be written is told before the work
        built = collect(
            cache,
            extra=extra,
            echo=lambda sentence: click.echo(sentence, err=True),
            progress=lambda tunes: click.progressbar(
                tunes, label="Reading tunes", file=sys.stderr, hidden=not sys.stderr.isatty(), update_min_steps=50
            ),
        )
        click.echo(write(built, target))
    except SourceError as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{error.filename or target} cannot be written: {error.strerror}.")) from error
    click.echo(f"The corpus is in {target}.")


@main.command()
@click.option("--config", type=FILE, help="A TOML file of training/configs; the shipped model's without it.")
@click.option("--run", "folder", type=DIRECTORY, help="Where the run is kept; one that is there is gone on with.")
@click.option("--out", type=DIRECTORY, help="Where the trained model goes; RUN/weights without it.")
@click.option("--abc", "extra", type=FOLDER, help="A folder of your own tunes, added.")
@click.option(
    "--strategy",
    type=click.Choice(["mirrored", "multiworker"]),
    help="mirrored: on all GPUs of this machine. multiworker: on the hosts that TF_CONFIG names; start it on each of them.",
)
def train(
    config: Path | None,
    folder: Path | None,
    out: Path | None,
    extra: Path | None,
    strategy: Literal["mirrored", "multiworker"] | None,
) -> None:
    """Train a model: collections in, weights and their card out."""
    quiet_tensorflow()
    import training
    from training.commands import train_and_ship
    from training.config import TrainConfig
    from training.corpus.sources import SourceError

    settings = _settings()
    try:
        chosen = TrainConfig.load(config or Path(training.__path__[0]) / "configs" / "tunesmith.toml")
        run_folder = folder or settings.data_dir / "runs" / chosen.name
        train_and_ship(
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
        where = error.filename or f"What is kept in {run_folder}"
        raise Failure(ValueError(f"{where} cannot be written: {error.strerror or error}.")) from error


@main.command()
@click.option("--run", type=FOLDER, help="A run of `tunesmith train`, whose best model it is to be.")
@click.option("--model", type=FOLDER, help="A folder with weights and card; without it and --run those that tunes are made with.")
@click.option("--baseline", "baselines", type=FOLDER, multiple=True, help="A run to compare with; may be given again.")
@click.option("--ngram/--no-ngram", default=True, show_default=True, help="Compare with an n-gram model as well.")
@click.option("--tunes", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Tunes of each seed.")
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="How often all is done anew.")
@click.option("--temperature", type=click.FloatRange(0.1, 2), default=1.0, show_default=True)
@click.option("--out", type=DIRECTORY, help="Where evaluation.json goes; the run's folder without it.")
@click.option("--card", type=FOLDER, help="A folder with weights whose card is to hold the table's means as well.")
def evaluate(run: Path | None, model: Path | None, out: Path | None, card: Path | None, **choices: Any) -> None:
    """Measure a model against real tunes and other models: a table, and evaluation.json."""
    if run and model:
        raise Failure(ValueError("A run has its model: leave out --run or --model."), 2)
    quiet_tensorflow()
    from generator.composer.weights import WeightsError, amend_card
    from training.corpus.corpus import Corpus
    from training.evaluation.evaluate import evaluate as measure
    from training.evaluation.table import means, table

    settings = _settings()
    target = out or run or settings.data_dir / "evaluation"
    try:
        found = measure(
            Corpus.load(settings.data_dir / "corpus" / "corpus.jsonl"),
            target,
            run=run,
            model=model or settings.model,
            echo=lambda sentence: click.echo(sentence, err=True),
            track=lambda label, items: click.progressbar(items, label=label, file=sys.stderr),
            **choices,
        )
        if card:
            amend_card(card, {"evaluation": means(found)})
    except (ValueError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{error.filename or target} cannot be written: {error.strerror}.")) from error
    click.echo(table(found))
    click.echo(f"Written: {target / 'evaluation.json'}.")


@main.command()
@click.option("--run", type=FOLDER, help="The run of the model, its curves and its evaluation; the shipped model's without it.")
@click.option("--model", type=FOLDER, help="A folder with weights and card; RUN/weights without it.")
@click.option("--evaluation", type=FILE, help="What `tunesmith evaluate` wrote, where it is not in the run's folder.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; report.html in the run's folder else.")
def report(run: Path | None, model: Path | None, evaluation: Path | None, out: Path | None) -> None:
    """Show a model and its evaluation on one page: curves, tables, plots, tunes to hear, and what differs."""
    quiet_tensorflow()
    from generator.composer.weights import WeightsError, load_weights
    from generator.rendering.audio.midi import write_midi
    from generator.rendering.audio.sound_font import find_soundfont
    from generator.rendering.audio.synthesis import synthesise
    from generator.rendering.result import RenderingError
    from generator.rendering.sheet.engraving import engrave
    from generator.rendering.sheet.musicxml import write_musicxml
    from training.report.report import SAMPLES
    from training.report.report import report as show

    settings = _settings()
    folder = run or settings.data_dir / "evaluation"
    target = out or folder / "report.html"
    try:
        font = find_soundfont(settings.soundfont)
        weights = load_weights(model or (run / "weights" if run else settings.model))
        trained = run or settings.data_dir / "runs" / str(weights.card["name"])
        with click.progressbar(length=SAMPLES, label="Rendering", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            lacks = show(
                evaluation or folder / "evaluation.json",
                target,
                weights=weights,
                run=trained,
                render=lambda score: (engrave(score, write_musicxml(score)), synthesise(write_midi(score), font)),
                done=lambda: bar.update(1),
            )
    except (RenderingError, ValueError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{target} cannot be written: {error.strerror}.")) from error
    for sentence in lacks:
        click.echo(sentence, err=True)
    click.echo(f"The report is in {target}.")


main.add_command(bench)


@main.command()
def doctor() -> None:
    """Check each part, and say how to mend what is missing."""
    quiet_tensorflow()
    from bot.doctor import examine

    failed = 0
    for check in examine(_settings()):
        click.echo(f"{'ok  ' if check.ok else 'MEND'}  {check.part}: {check.finding}")
        if not check.ok:
            failed += 1
            click.echo(f"      {check.remedy}")
    if failed:
        raise Failure(ValueError(f"{failed} of the parts need mending."))


if __name__ == "__main__":
    main(prog_name="tunesmith")
