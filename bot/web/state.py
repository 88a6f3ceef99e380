"""Where a tune stands, in words and as JSON; nothing about who asked leaves here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.core.naming import time_left
from storage.files import TuneFile
from storage.gallery import Family
from storage.tunes import Status, Tune

RECORD = "tune.json"  # how the tune was made, with the opening: for whoever asked for it


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


def progress(tune: Tune, place: int, seconds_left: int | None = None) -> dict[str, Any]:
    said = sentence(tune, place)
    if seconds_left is not None:
        said += f" {str(time_left(seconds_left)).capitalize()}."
    known = {"status": str(tune.status), "place": place, "bars": tune.bars, "sentence": said}
    return known | ({"seconds_left": seconds_left} if seconds_left is not None else {})


def as_json(tune: Tune, place: int, files: Iterable[TuneFile], *, mine: bool, family: Family) -> dict[str, Any]:
    """The family as the viewer may see it; the opening is the asker's own, and told to nobody else."""
    composition = tune.composition
    return {
        "id": tune.id,
        "address": f"/tunes/{tune.id}",
        **progress(tune, place),
        "error": tune.error,
        "parent": family.parent and family.parent.id,
        "children": [child.id for child in family.children],
        "likes": tune.likes,
        "shared_at": shared_at(tune),
        "request": tune.request.as_dict() | ({} if mine else {"opening": None}),
        "composition": composition
        and {
            "title": composition.title,
            "rhythm": composition.rhythm,
            "key": composition.key,
            "metre": composition.metre,
            "duration_ms": composition.duration_ms,
            "model": composition.model,
            "abc": composition.abc,
            "notices": list(composition.notices),
        },
        "files": _files(tune, files, mine=mine),
        "created_at": _moment(tune.created_at),
        "started_at": _moment(tune.started_at),
        "finished_at": _moment(tune.finished_at),
    }


def entry(tune: Tune, files: Iterable[TuneFile]) -> dict[str, Any]:
    """A shared tune in the gallery."""
    made = tune.composition
    assert made is not None  # what is not finished cannot be shared
    return {
        "id": tune.id,
        "address": f"/tunes/{tune.id}",
        "title": made.title,
        "rhythm": made.rhythm,
        "key": made.key,
        "metre": made.metre,
        "duration_ms": made.duration_ms,
        "likes": tune.likes,
        "shared_at": shared_at(tune),
        "abc": made.abc,
        "files": _files(tune, files, mine=False),
    }


def shared_at(tune: Tune) -> str | None:
    return _moment(tune.shared.at) if tune.shared else None


def _files(tune: Tune, files: Iterable[TuneFile], *, mine: bool) -> list[dict[str, Any]]:
    return [
        {"name": file.name, "size": file.size, "address": f"/tunes/{tune.id}/files/{file.name}"}
        for file in sorted(files, key=lambda file: file.name)
        if mine or file.name != RECORD
    ]


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
