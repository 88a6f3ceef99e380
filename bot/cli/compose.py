"""`tunesmith compose` and `tunesmith render`: write tunes into a folder, without a database or a worker."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import DIRECTORY, EXISTING_FILE, request_option, request_options
from bot.settings import quiet_tensorflow
from generator.request import PARAMETERS, RequestError, TuneRequest, instrument_named


def new_folder() -> Path:
    """A folder that does not exist yet: `tune`, or else `tune-2`, `tune-3`, …"""
    return next(
        path for path in (Path(f"tune-{number}" if number > 1 else "tune") for number in itertools.count(1)) if not path.exists()
    )


@click.command()
@request_options
@click.option("--parent", type=EXISTING_FILE, help="A tune.abc to vary.")
@click.option(
    "--tune", "number", type=int, help="Which tune of the file with the opening or the parent: the number in its X: field."
)
@click.option(
    "--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many tunes, with consecutive seeds."
)
@click.option("--set", "tunes_in_set", type=click.IntRange(2, 5), help="Compose a set of this many tunes, and a set.abc.")
@click.option("--out", type=DIRECTORY, default=new_folder, help="Folder to write to (default: a new folder “tune”).")
@click.option("--abc-only", is_flag=True, help="Skip rendering.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def compose(
    out: Path,
    count: int,
    tunes_in_set: int | None,
    abc_only: bool,
    as_json: bool,
    opening: str | None,
    parent: Path | None,
    number: int | None,
    mode: str | None,
    **parameters: Any,
) -> None:
    """Compose tunes into a folder."""
    from generator.notation.errors import NotationError
    from generator.sets import requests_of_set

    if parent and (opening or mode):
        raise Failure("--parent already sets the opening and the mode: leave out --opening and --mode, or --parent.", 2)
    if tunes_in_set and count > 1:
        raise Failure("--set already sets the number of tunes: leave out --count or --set.", 2)
    file = parent or (Path(opening[1:]) if opening and opening.startswith("@") else None)
    if number is not None and not file:
        raise Failure("--tune chooses a tune of a file: give one with --parent or --opening @FILE.", 2)
    try:
        if file:
            opening = _tunes(file, number)[0]
        request = TuneRequest.check(opening=opening, mode="vary" if parent else mode, **parameters)
    except RequestError as error:
        raise Failure(error, 2) from None
    quiet_tensorflow()
    from generator import file_output
    from generator.composer.models import Models, folders
    from generator.composer.weights import WeightsError
    from generator.rendering.result import RenderingError

    settings = read_settings()
    requests = requests_of_set(request, tunes_in_set) if tunes_in_set else request.in_a_row(count)
    written: list[dict[str, Any]] = []
    try:
        with click.progressbar(length=len(requests), label="Composing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

            def done(tune: dict[str, Any]) -> None:
                written.append(tune)
                bar.update(1)

            models = Models(folders(settings.model, settings.further_models))
            if request.model and request.model not in models.names:
                raise Failure(f"There is no model {request.model}. Choose from {', '.join(models.names)}.", 2)
            how = {"abc_only": abc_only, "as_set": tunes_in_set is not None}
            file_output.compose(requests, out, models=models, soundfont=settings.soundfont, done=done, **how)
    except (NotationError, RenderingError, WeightsError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, out) from error
    if as_json:
        click.echo(json.dumps(written, indent=1))
    else:
        for tune in written:
            result = f"{tune['folder']}: {', '.join(tune['files'])}" if "files" in tune else tune["error"]
            click.echo(f"{tune['title']}, seed {tune['seed']}: {result}")
    if any("error" in tune for tune in written):
        raise Failure("Some tunes could not be rendered.")


@click.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--tune", type=int, help="Which tune of the file: the number in its X: field (default: the first tune).")
@click.option("--all", "every", is_flag=True, help="Render all tunes of the file, each into a numbered folder.")
@click.option("--out", type=DIRECTORY, default=new_folder, help="Folder to write to (default: a new folder “tune”).")
@request_option("instrument")
@request_option("backing")
@request_option("chords")
@request_option("times")
def render(
    file: Path,
    tune: int | None,
    every: bool,
    out: Path,
    instrument: str | None,
    backing: bool | None,
    chords: bool | None,
    times: str | None,
) -> None:
    """Engrave and play tunes in an ABC file."""
    from generator.notation.abc_file import tunes_of_file
    from generator.notation.errors import NotationError
    from generator.notation.reader import read

    if every and tune is not None:
        raise Failure("--all already renders every tune: leave out --tune or --all.", 2)
    try:
        chosen: dict[str, Any] = {"instrument": instrument_named(instrument)}
        chosen |= {"backing": PARAMETERS["backing"].check(backing), "times": PARAMETERS["times"].check(times)}
    except RequestError as error:
        raise Failure(error, 2) from None
    texts = _tunes(file, tune)
    if every:
        texts = tunes_of_file(texts[0])
    else:
        try:
            read(texts[0], all_voices=True)  # before everything that renders is loaded, which takes seconds
        except NotationError as error:
            raise Failure(error) from None
    from generator import file_output
    from generator.rendering.renderer import in_sandbox
    from generator.rendering.result import RendererFault, RenderingError
    from generator.rendering.style import Style

    style = Style(**chosen)
    failed = 0
    with in_sandbox(read_settings().soundfont) as render_score:
        for text, folder in zip(texts, file_output.numbered_folders(out, len(texts)), strict=True):
            prefix = f"{folder}: " if every else ""
            try:
                score, files, notices = file_output.render_abc(
                    text, folder, style=style, chords=bool(chords), render=render_score
                )
            except (NotationError, RenderingError) as error:
                if not every or isinstance(error, RendererFault):
                    raise Failure(error) from error
                click.echo(f"{prefix}{error}", err=True)
                failed += 1
                continue
            except OSError as error:
                raise write_failure(error, folder) from error
            for notice in notices:
                click.echo(f"{prefix}{notice}", err=True)
            click.echo(f"{folder}: {score.title}: {', '.join(files)}" if every else f"{folder}: {', '.join(files)}")
    if failed:
        raise Failure(f"{failed} of {len(texts)} tunes could not be rendered.")


def _tunes(file: Path, number: int | None) -> list[str]:
    """The text of a file, or its tunes with a number. Says on standard error if the file is not in UTF-8."""
    from generator.notation.abc_file import decode, tunes_of_file
    from generator.notation.notices import NOT_UTF_8

    try:
        text, utf_8 = decode(file.read_bytes())
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror or error}.", 2) from None
    if not utf_8:
        click.echo(NOT_UTF_8, err=True)
    if number is None:
        return [text]
    tunes = tunes_of_file(text, number)
    if not tunes:
        raise Failure(f"{file} has no tune with the number {number} (X:{number}).", 2)
    return tunes[:1]
