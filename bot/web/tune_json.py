"""A tune as JSON, and its status as a message. Neither contains the owner's id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.core.naming import time_left
from bot.web.language import capital, translate
from generator.user_messages import UserMessage
from storage.files.files import TuneFile
from storage.files.remaking import VERSION_FILES
from storage.gallery import Family
from storage.tunes import Status, Tune

OWNERS_FILE = "tune.json"  # request, seed and model; only for the owner, because the request may contain an opening


def status_message(tune: Tune, queue_position: int, *, waits_for_room: bool = False, has_worker: bool = True) -> str:
    """The status as the tune's page shows it. The page shows the number of bars beside it."""
    match tune.status:
        case Status.QUEUED if waits_for_room:
            return UserMessage("There is no room on the disk. Your tune is stored and is made as soon as there is room.")
        case Status.QUEUED if not has_worker:
            return UserMessage(
                "Nothing is composing at the moment. Your tune is stored, and starts as soon as the composer is back."
            )
        case Status.QUEUED if queue_position > 1:
            return UserMessage(
                "Waiting: {n} tune is ahead of yours.", "Waiting: {n} tunes are ahead of yours.", n=queue_position - 1
            )
        case Status.QUEUED:
            return UserMessage("Your tune is next.")
        case Status.COMPOSING | Status.RENDERING if tune.request.mode == "play":
            return UserMessage("The tune is being engraved and recorded.")
        case Status.COMPOSING:
            return UserMessage("The tune is being composed.")
        case Status.RENDERING:
            return UserMessage("The tune is composed. Now it is being engraved and recorded.")
        case Status.FINISHED:
            return UserMessage("The tune is finished.")
        case Status.FAILED:
            return tune.error or UserMessage("The tune could not be composed. Try again with another seed.")


def progress_json(
    tune: Tune,
    queue_position: int,
    seconds_left: int | None = None,
    *,
    waits_for_room: bool = False,
    has_worker: bool = True,
) -> dict[str, Any]:
    message = translate(status_message(tune, queue_position, waits_for_room=waits_for_room, has_worker=has_worker))
    if seconds_left is not None and has_worker:
        message += f" {capital(translate(time_left(seconds_left)))}."
    progress = {"status": str(tune.status), "queue_position": queue_position, "bars": tune.bars, "message": message}
    return progress | ({"seconds_left": seconds_left} if seconds_left is not None else {})


def tune_json(
    tune: Tune,
    queue_position: int,
    files: Iterable[TuneFile],
    *,
    mine: bool,
    family: Family,
    waits_for_room: bool = False,
    has_worker: bool = True,
) -> dict[str, Any]:
    """`mine`: whether the viewer owns the tune. Others don't get the opening. `family` is what the viewer may see of it."""
    composition = tune.composition
    return {
        "id": tune.id,
        "address": f"/tunes/{tune.id}",
        **progress_json(tune, queue_position, waits_for_room=waits_for_room, has_worker=has_worker),
        "error": tune.error and translate(tune.error),
        "parent_id": family.parent and family.parent.id,
        "child_ids": [child.id for child in family.children],
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
            "notices": [translate(notice) for notice in composition.notices],
        },
        "files": _files_json(tune, files, mine=mine),
        "created_at": _iso(tune.created_at),
        "started_at": _iso(tune.started_at),
        "finished_at": _iso(tune.finished_at),
    }


def gallery_json(tune: Tune, files: Iterable[TuneFile]) -> dict[str, Any]:
    """A shared tune as an entry of the gallery."""
    composition = tune.composition
    assert composition is not None  # only finished tunes can be shared
    return {
        "id": tune.id,
        "address": f"/tunes/{tune.id}",
        "title": composition.title,
        "rhythm": composition.rhythm,
        "key": composition.key,
        "metre": composition.metre,
        "duration_ms": composition.duration_ms,
        "likes": tune.likes,
        "shared_at": shared_at(tune),
        "abc": composition.abc,
        "files": _files_json(tune, files, mine=False),
    }


def shared_at(tune: Tune) -> str | None:
    return _iso(tune.shared.at) if tune.shared else None


def _files_json(tune: Tune, files: Iterable[TuneFile], *, mine: bool) -> list[dict[str, Any]]:
    return [
        {"name": file.name, "size": file.size, "address": f"/tunes/{tune.id}/files/{file.name}"}
        for file in sorted(files, key=lambda file: file.name)
        if (mine or file.name != OWNERS_FILE) and not file.name.startswith(VERSION_FILES)
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
