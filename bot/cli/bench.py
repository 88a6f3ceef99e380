"""`tunesmith bench`: measures this machine's speed, beside other implementations and under load."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import FILE
from bot.logs import configure
from bot.settings import quiet_tensorflow

_JSON = click.option("--json", "file", type=FILE, help="A file for all measurements.")


@click.group()
def bench() -> None:
    """Measure how fast this machine composes and renders, and what it bears."""


@bench.command("composer")
@click.option(
    "--streams", type=click.IntRange(1, 4096), multiple=True, help="Tunes at once; repeatable. [default: 1, 8, 32, 128]"
)
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=5.0, show_default=True, help="Length of each measurement.")
@click.option("--only", multiple=True, metavar="NAME", help="eager, onnx, openvino, pytorch or ours; repeatable.")
@_JSON
def bench_composer(streams: tuple[int, ...], seconds: float, only: tuple[str, ...], file: Path | None) -> None:
    """Compare the composer, grammar included, with plain step loops: tokens per second, memory, start-up time."""
    from generator.bench import composer

    def measure() -> dict[str, Any]:
        return composer.bench(streams=sorted(set(streams or composer.STREAMS)), seconds=seconds, only=only, echo=_echo)

    quiet_tensorflow()
    _compare(composer.CONTENDERS, only, measure, composer.table, file)


@bench.command("render")
@click.option("--tunes", type=click.IntRange(3, 1_000), default=50, show_default=True, help="Of about 45 s, in all rhythms.")
@click.option("--only", multiple=True, metavar="NAME", help="ours, lab or music21; repeatable.")
@_JSON
def bench_render(tunes: int, only: tuple[str, ...], file: Path | None) -> None:
    """Compare the renderer with abc2midi + TiMidity++ and with music21 + midi2audio: milliseconds per step, memory."""
    quiet_tensorflow()
    from generator.bench import rendering

    def measure() -> dict[str, Any]:
        return rendering.bench(tunes=tunes, only=only, soundfont=read_settings().soundfont, echo=_echo)

    _compare(rendering.CONTENDERS, only, measure, rendering.table, file)


@bench.command("load")
@click.option("--url", help="Address of a running page to read, such as http://127.0.0.1:8080. [default: no page]")
@click.option("--people", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many do it at the same time.")
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="Length of each measurement.")
@_JSON
def bench_load(url: str | None, people: int, seconds: float, file: Path | None) -> None:
    """Put load on the queue and the desk, with a new embedded database, and on a running page."""
    from bot.cli import load
    from storage import StorageError, open_storage

    async def measure() -> list[load.Load]:
        loads = await load.page(url.rstrip("/"), people, seconds) if url else []
        async with open_storage(data_dir=folder) as storage:
            before, _ = await load.size(storage)
            loads += [await load.desk(storage, people, seconds), *await load.queue(storage, people, seconds)]
            after, count = await load.size(storage)
            _echo(f"The database grew by {(after - before) // max(count, 1):,} bytes a tune, without files.")
        return loads

    configure(json=False, level="WARNING")  # a line for each request would be measured too
    folder = Path(tempfile.mkdtemp(prefix="tunesmith-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the database has stopped, which also happens at exit
    try:
        found = [each.as_dict() for each in asyncio.run(measure())]
        if file:
            file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except StorageError as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, error.filename or str(file)) from error
    click.echo(load.table(found))


def _echo(line: str) -> None:
    click.echo(line, err=True)


def _compare(
    contenders: Collection[str],
    only: Collection[str],
    measure: Callable[[], dict[str, Any]],
    table: Callable[[dict[str, Any]], str],
    file: Path | None,
) -> None:
    """Measures, writes the file and prints the table."""
    from generator.rendering.result import RenderingError

    if unknown := set(only) - set(contenders):
        raise Failure(f"There is no {min(unknown)} to measure: choose from {', '.join(contenders)}.", 2)
    try:
        found = measure()
        if file:
            file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except (RenderingError, RuntimeError) as error:  # a model, a font or a program is missing
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, error.filename or str(file)) from error
    click.echo(table(found))
    if failed := {cell["contender"] for cell in found["cells"] if "error" in cell}:
        raise Failure(f"Not everything could be measured: {', '.join(sorted(failed))}.")
