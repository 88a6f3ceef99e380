"""The files of a finished tune, with the same names on disk, in storage and in messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from generator.composer.candidates import ComposedTune
from generator.notation.score import Score
from generator.notation.writer import write
from generator.rendering.result import Rendering
from generator.request import TuneRequest

MEDIA_TYPES = {
    "tune.abc": "text/vnd.abc",
    "tune.musicxml": "application/vnd.recordare.musicxml+xml",
    "tune.mid": "audio/midi",
    "tune.mp3": "audio/mpeg",
    "tune.png": "image/png",
    "tune.svg": "image/svg+xml",
    "tune.narrow.svg": "image/svg+xml",
    "tune.timemap.json": "application/json",
    "tune.json": "application/json",
}


def tune_files(
    request: TuneRequest,
    score: Score,
    rendering: Rendering | None,
    *,
    model: str,
    scores: Mapping[str, Any],
    notices: Sequence[str] = (),
) -> dict[str, bytes]:
    """The files by name. Without a rendering only the ABC and `tune.json`, the record of how the tune was made."""
    record = {
        "title": score.title,
        "request": request.as_dict(),
        "key": score.key.abc,
        "metre": str(score.metre or ""),
        "rhythm": score.rhythm,
        "seed": request.seed,
        "model": model,
        "scores": dict(scores),
        "notices": list(notices),
    }
    # Sorted, so that the record can be made again to the byte: the database doesn't keep the order of the scores.
    text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True)
    files = {"tune.abc": write(score).encode(), "tune.json": f"{text}\n".encode()}
    return files | rendered_files(rendering) if rendering else files


def composed_scores(composed: ComposedTune) -> dict[str, Any]:
    """The scores by which a tune was chosen, and the known tune that is closest to it."""
    return {
        "bits_per_token": round(composed.bits_per_token, 3),
        "ranking": {name: round(score, 3) + 0.0 for name, score in composed.scores.items()},  # the database has no -0.0
        "closest_tune": {"title": composed.closest.title, "shared_notes": composed.closest.notes},
    }


def rendered_files(rendering: Rendering) -> dict[str, bytes]:
    """The files of a rendering by name."""
    return {
        "tune.musicxml": rendering.musicxml,
        "tune.mid": rendering.midi,
        "tune.mp3": rendering.mp3,
        "tune.png": rendering.png,
        "tune.svg": rendering.svg,
        "tune.narrow.svg": rendering.narrow_svg,
        "tune.timemap.json": rendering.time_map,
    }
