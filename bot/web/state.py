"""Where a tune stands, in words and as JSON; nothing about who asked leaves here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storage.files import TuneFile
from storage.tunes import Status, Tune


def sentence(tune: Tune, place: int) -> str:
    """What the tune's page says; the number of bars is shown beside it."""
    match tune.status:
        case Status.QUEUED if place > 1:
            return f"Waiting: {place - 1} {'tune is' if place == 2 else 'tunes are'} before yours."
        case Status.QUEUED:
            return "Yours is the next tune."
        case Status.COMPOSING | Status.RENDERING if tune.request.mode == "play":
            return "The tune is engraved and recorded."
        case Status.COMPOSING:
            return "The musician is composing."
        case Status.RENDERING:
            return "The tune is written; now it is engraved and recorded."
        case Status.FINISHED:
            return "The tune is finished."
        case Status.FAILED:
            return tune.error or "The tune could not be made; try again with another seed."


def progress(tune: Tune, place: int) -> dict[str, Any]:
    return {"status": str(tune.status), "place": place, "bars": tune.bars, "sentence": sentence(tune, place)}


def as_json(tune: Tune, place: int, files: Iterable[TuneFile]) -> dict[str, Any]:
    composition = tune.composition
    return {
        "id": tune.id,
        "address": f"/tunes/{tune.id}",
        **progress(tune, place),
        "error": tune.error,
        "parent": tune.parent,
        "request": tune.request.as_dict(),
        "composition": composition
        and {
            "title": composition.title,
            "rhythm": composition.rhythm,
            "key": composition.key,
            "metre": composition.metre,
            "duration_ms": composition.duration_ms,
            "model": composition.model,
            "abc": composition.abc,
            "notices": composition.scores.get("notices", []),
        },
        "files": [
            {"name": file.name, "size": file.size, "address": f"/tunes/{tune.id}/files/{file.name}"}
            for file in sorted(files, key=lambda file: file.name)
        ],
        "created_at": _moment(tune.created_at),
        "started_at": _moment(tune.started_at),
        "finished_at": _moment(tune.finished_at),
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
