"""`tunesmith bench`: how fast this machine is, beside other ways of doing the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from bot.failure import Failure, read_settings
from bot.settings import quiet_tensorflow


@click.group()
def bench() -> None:
    """Measure how fast this machine is."""


@bench.command("composer")
@click.option("--streams", type=click.IntRange(1, 4096), multiple=True, help="Tunes at once; may be given again. [1, 8, 32, 128]")
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=5.0, show_default=True, help="Of each measurement.")
@click.option("--only", multiple=True, metavar="NAME", help="eager, onnx, openvino, pytorch or ours; may be given again.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="A file for all that was measured.")
def bench_composer(streams: tuple[int, ...], seconds: float, only: tuple[str, ...], file: Path | None) -> None:
    """Compare the composer, its grammar included, with step loops that have none: tokens a second, memory, start-up."""
    from generator.bench import composer

    def measure() -> dict[str, Any]:
        return composer.bench(streams=sorted(set(streams or composer.STREAMS)), seconds=seconds, only=only, echo=_progress)

    quiet_tensorflow()
    _compare(composer.CONTENDERS, only, measure, composer.table, file, named="contender")


@bench.command("render")
@click.option("--tunes", type=click.IntRange(3, 1_000), default=50, show_default=True, help="Of about 45 s, and of all rhythms.")
@click.option("--only", multiple=True, metavar="NAME", help="ours, lab or music21; may be given again.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="A file for all that was measured.")
def bench_render(tunes: int, only: tuple[str, ...], file: Path | None) -> None:
    """Compare the renderer with abc2midi and TiMidity++ and with music21 and midi2audio: milliseconds of each step, memory."""
    quiet_tensorflow()
    from generator.bench import rendering

    def measure() -> dict[str, Any]:
        return rendering.bench(tunes=tunes, only=only, soundfont=read_settings().soundfont, echo=_progress)

    _compare(rendering.CONTENDERS, only, measure, rendering.table, file, named="way")


def _progress(line: str) -> None:
    click.echo(line, err=True)


def _compare(
    contenders: Collection[str],
    only: Collection[str],
    measure: Callable[[], dict[str, Any]],
    table: Callable[[dict[str, Any]], str],
    file: Path | None,
    *,
    named: str,
) -> None:
    """Measures, keeps and shows; `named` is what a cell calls its contender."""
    from generator.rendering.result import RenderingError

    if unknown := set(only) - set(contenders):
        raise Failure(ValueError(f"There is no {min(unknown)} to measure: choose from {', '.join(contenders)}."), 2)
    try:
        found = measure()
        if file:
            file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except (RenderingError, RuntimeError) as error:  # a model, a font or a program is missing
        raise Failure(error) from error
    except OSError as error:
        raise Failure(ValueError(f"{error.filename or file} cannot be written: {error.strerror}.")) from error
    click.echo(table(found))
    if failed := {cell[named] for cell in found["cells"] if "error" in cell}:
        raise Failure(ValueError(f"Not everything could be measured: {', '.join(sorted(failed))}."))
