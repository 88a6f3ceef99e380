"""Composes and renders tunes into folders, without storage: for `tunesmith compose` and `tunesmith render`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.composer.models import Models
from generator.notation.notices import skipped_text_notices
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.writer import write
from generator.rendering.performance.harmony import with_chord_symbols
from generator.rendering.renderer import in_sandbox
from generator.rendering.result import RendererFault, Rendering, RenderingError
from generator.rendering.style import Style, style_of
from generator.request import TuneRequest
from generator.tune_files import composed_scores, rendered_files, tune_files


def compose(
    requests: Sequence[TuneRequest],
    out: Path,
    *,
    abc_only: bool,
    as_set: bool = False,
    models: Models,
    soundfont: Path | None,
    done: Callable[[dict[str, Any]], None],
) -> None:
    """Writes a tune for each request, all composed by the model of the first.

    One tune goes into `out`, several into numbered folders there. A set also gets the file `set.abc`. `done` is called for each
    tune with its seed and title, and with its folder and files or, if it cannot be rendered, the error.
    Raises NotationError for an opening that cannot be continued, RendererFault if this machine cannot render.
    """
    count = len(requests)
    folders = numbered_folders(out, count)
    tunes_of_set: list[str] = []
    with in_sandbox(soundfont) as render, contextlib.closing(models):
        composer = models.composer(requests[0].model)
        futures = [composer.submit(request) for request in requests]
        for request, folder, future in zip(requests, folders, futures, strict=True):
            composed = future.result()
            if request.chords:
                composed = replace(composed, score=with_chord_symbols(composed.score))
            tunes_of_set.append(write(replace(composed.score, reference=len(tunes_of_set) + 1)))
            started = time.monotonic()
            try:
                rendering = None if abc_only else render(composed.score, style_of(request))
            except RendererFault:
                raise
            except RenderingError as error:
                done({"seed": request.seed, "title": composed.score.title, "error": str(error)})
                continue
            scores = composed_scores(composed)
            if rendering:
                scores["render_ms"] = round((time.monotonic() - started) * 1000)
            files = tune_files(request, composed.score, rendering, model=composer.model, scores=scores)
            _write(folder, files)
            done({"seed": request.seed, "title": composed.score.title, "folder": str(folder), "files": sorted(files)})
        if as_set:
            _write(out, {"set.abc": "\n".join(tunes_of_set).encode()})


def numbered_folders(out: Path, count: int) -> list[Path]:
    """The folder of each of `count` tunes: `out` itself for one, else `out/01`, `out/02` ..."""
    return [out] if count == 1 else [out / f"{index:0{len(str(count))}d}" for index in range(1, count + 1)]


def render_abc(
    text: str, out: Path, *, render: Callable[..., Rendering], style: Style, chords: bool
) -> tuple[Score, list[str], Sequence[str]]:
    """Renders the first tune in a text by `render` (see `in_sandbox`), with the backing's chords above the notes if `chords`.

    Returns the tune, the names of the written files, and notices about what was skipped.
    """
    score = read(text, all_voices=True)
    score = with_chord_symbols(score) if chords else score
    rendering = render(score, style)
    files = {"tune.abc": write(score).encode()} | rendered_files(rendering)
    _write(out, files)
    return score, sorted(files), (*score.notices, *skipped_text_notices(text), *rendering.notices)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
