"""`tunesmith bench`: measures this machine's speed beside other implementations."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import FILE
from bot.settings import quiet_tensorflow

_JSON = click.option("--json", "file", type=FILE, help="A file for all measurements.")


@click.group()
def bench() -> None:
    """Measure how fast this machine composes and renders."""


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
