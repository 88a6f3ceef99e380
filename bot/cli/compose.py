"""`tunesmith compose` and `tunesmith render`: write tunes into a folder, without a database or a worker."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import DIRECTORY, EXISTING_FILE, request_option, request_options
from bot.settings import quiet_tensorflow
from generator.request import PARAMETERS, RequestError, TuneRequest, instrument_named


@click.command()
@request_options
@click.option("--parent", type=EXISTING_FILE, help="A tune.abc to vary.")
@click.option(
    "--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many tunes, with consecutive seeds."
)
@click.option("--set", "tunes_in_set", type=click.IntRange(2, 5), help="Compose a set of this many tunes, and a set.abc.")
@click.option("--out", type=DIRECTORY, required=True, help="Folder to write to.")
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
    try:
        if opening and opening.startswith("@"):
            opening = Path(opening[1:]).read_text(encoding="utf-8")
        if parent:
            opening = parent.read_text(encoding="utf-8")
        request = TuneRequest.check(opening=opening, mode="vary" if parent else mode, **parameters)
    except RequestError as error:
        raise Failure(error, 2) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"The opening cannot be read: {error}.", 2) from None
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
@click.option("--out", type=DIRECTORY, required=True, help="Folder to write to.")
@request_option("instrument")
@request_option("backing")
def render(file: Path, out: Path, instrument: str | None, backing: bool | None) -> None:
    """Engrave and play the tune in an ABC file."""
    from generator import file_output
    from generator.notation.errors import NotationError
    from generator.rendering.result import RenderingError
    from generator.rendering.style import Style

    try:
        style = Style(instrument=instrument_named(instrument), backing=PARAMETERS["backing"].check(backing))
        files, notices = file_output.render_file(file, out, style=style, soundfont=read_settings().soundfont)
    except RequestError as error:
        raise Failure(error, 2) from None
    except (NotationError, RenderingError) as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, out) from error
    for notice in notices:
        click.echo(notice, err=True)
    click.echo(f"{out}: {', '.join(files)}")
