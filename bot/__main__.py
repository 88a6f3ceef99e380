"""The `tunesmith` command: `tunesmith --help`, or `python -m bot --help`.

Here the parts are put together. What a command needs is imported by the command: the bot's own process never loads
TensorFlow or music21.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bot.settings import Settings, quiet_tensorflow

DIRECTORY = click.Path(file_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Failure(click.ClickException):
    """A command's end in one human sentence."""

    exit_code: int  # type: ignore[misc]  # click has it as a constant of the class

    def __init__(self, error: BaseException, exit_code: int = 1) -> None:
        super().__init__(str(error))
        self.exit_code = getattr(error, "exit_code", exit_code)

    def show(self, file: Any = None) -> None:
        click.echo(f"tunesmith: {self.message}", err=True)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        sentence = f"The setting {name} is wrong: {first['msg']}. Correct it in .env or the environment."
        raise Failure(ValueError(sentence)) from None


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
@click.option("--key", help="As ABC writes it: D, Am, Edor, Gmaj, Bmix.")
@click.option("--metre", help="4/4, 6/8, C| …")
@click.option("--opening", help="ABC to start from, or @FILE.")
@click.option("--parent", type=FILE, help="A tune.abc to make a variation of.")
@click.option("--temperature", type=float, help="0.1 (steady) to 2 (wild).")
@click.option("--seed", type=int, help="The same seed gives the same tune.")
@click.option("--title")
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Tunes, with seeds from SEED on.")
@click.option("--out", type=DIRECTORY, required=True, help="Folder to write into.")
@click.option("--abc-only", is_flag=True, help="Skip rendering.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def compose(out: Path, count: int, abc_only: bool, as_json: bool, opening: str | None, parent: Path | None, **wish: Any) -> None:
    """Compose tunes into a folder, without any service."""
    from generator.notation.errors import NotationError
    from generator.request import RequestError, TuneRequest

    if opening and parent:
        raise Failure(ValueError("A variation begins with its parent: leave out --opening or --parent."), 2)
    try:
        if opening and opening.startswith("@"):
            opening = Path(opening[1:]).read_text(encoding="utf-8")
        if parent:
            opening = parent.read_text(encoding="utf-8")
        request = TuneRequest.check(opening=opening, vary=parent is not None, **wish)
    except RequestError as error:
        raise Failure(error, 2) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(ValueError(f"The opening cannot be read: {error}."), 2) from None
    quiet_tensorflow()
    from generator import studio
    from generator.composer.weights import WeightsError
    from generator.rendering.result import RenderingError

    written: list[dict[str, Any]] = []
    try:
        with click.progressbar(length=count, label="Composing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

            def done(tune: dict[str, Any]) -> None:
                written.append(tune)
                bar.update(1)

            settings = _settings()
            places = {"model": settings.model, "soundfont": settings.soundfont}
            studio.compose(request, out, count=count, abc_only=abc_only, done=done, **places)
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
def render(file: Path, out: Path) -> None:
    """Engrave and play anybody's ABC."""
    from generator import studio
    from generator.notation.errors import NotationError
    from generator.rendering.result import RenderingError

    try:
        files, notices = studio.render_file(file, out, soundfont=_settings().soundfont)
    except (NotationError, RenderingError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{out} cannot be written: {error.strerror}.")) from error
    for notice in notices:
        click.echo(notice, err=True)
    click.echo(f"{out}: {', '.join(files)}")


@main.command()
@click.option("--config", type=FILE, help="A TOML file of training/configs; the shipped model's without it.")
@click.option("--run", "folder", type=DIRECTORY, help="Where the run is kept; one that is there is gone on with.")
@click.option("--out", type=DIRECTORY, help="Where the trained model goes; RUN/weights without it.")
@click.option("--abc", "extra", type=FOLDER, help="A folder of your own tunes, added.")
def train(config: Path | None, folder: Path | None, out: Path | None, extra: Path | None) -> None:
    """Train a model: collections in, weights and their card out."""
    quiet_tensorflow()
    import training
    from training.commands import train_and_ship
    from training.sources import SourceError
    from training.train import TrainConfig

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
            say=click.echo,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    except (SourceError, ValueError) as error:
        raise Failure(error) from error


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
