"""Composes and renders into folders, without any service: what `tunesmith compose` and `tunesmith render` do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.composer.models import Models
from generator.notation.notices import skipped_text_notices
from generator.notation.reader import read
from generator.notation.writer import write
from generator.rendering.render import render
from generator.rendering.result import RendererFault, RenderingError
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
    """Writes a tune for each request, all by the first one's model; several go into numbered folders, a set's into one
    `set.abc` as well.

    `done` hears of each: its seed, and its folder and files or, where it cannot be rendered, the sentence that says why.
    Raises NotationError for an opening that cannot be gone on from, RendererFault where this machine cannot render.
    """
    count = len(requests)
    folders = [out] if count == 1 else [out / f"{index:0{len(str(count))}d}" for index in range(1, count + 1)]
    together: list[str] = []
    try:
        composer = models.composer(requests[0].model)
        futures = [composer.submit(wish) for wish in requests]
        for wish, folder, future in zip(requests, folders, futures, strict=True):
            composed = future.result()
            together.append(write(replace(composed.score, reference=len(together) + 1)))
            started = time.monotonic()
            try:
                rendering = None if abc_only else render(composed.score, style=style_of(wish), soundfont=soundfont)
            except RendererFault:
                raise
            except RenderingError as error:
                done({"seed": wish.seed, "title": composed.score.title, "error": str(error)})
                continue
            scores = composed_scores(composed)
            if rendering:
                scores["render_ms"] = round((time.monotonic() - started) * 1000)
            files = tune_files(wish, composed.score, rendering, model=composer.model, scores=scores)
            _write(folder, files)
            done({"seed": wish.seed, "title": composed.score.title, "folder": str(folder), "files": sorted(files)})
        if as_set:
            _write(out, {"set.abc": "\n".join(together).encode()})
    finally:
        models.close()


def render_file(path: Path, out: Path, *, style: Style, soundfont: Path | None) -> tuple[list[str], Sequence[str]]:
    """Renders somebody's ABC; returns the files' names and what was left out of them, as sentences."""
    text = path.read_text(encoding="utf-8", errors="replace")
    score = read(text)
    rendering = render(score, style=style, soundfont=soundfont)
    files = {"tune.abc": write(score).encode()} | rendered_files(rendering)
    _write(out, files)
    return sorted(files), (*score.notices, *skipped_text_notices(text), *rendering.notices)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
