"""The example tunes: composed by the shipped model, and played as written by the first worker that runs.

They are tunes of a platform of their own, which everybody may see but which are not in the gallery.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from aiohttp import web

from bot.core.naming import key_name
from generator.notation.reader import read
from generator.request import TuneRequest
from storage.errors import NoRoom, StorageError
from storage.storage import Storage
from storage.tunes import Origin, Tune
from storage.viewer import EXAMPLES, PUBLIC

FOLDER = Path(__file__).parent / "examples"
TRY_AGAIN_S = 10.0

_USER = "shipped"  # one user, so that the examples wait behind each new visitor
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Example:
    abc: str
    title: str
    rhythm: str
    key: str  # its name: `A dorian`
    tune: Tune | None = None  # once it is recorded


def shipped() -> list[Example]:
    return [_example(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.abc"))]


def _example(abc: str) -> Example:
    score = read(abc)
    return Example(abc, score.title, score.rhythm, key_name(score.key.abc))


def made_by(tune: Tune) -> str:
    """How an example was made; empty for other tunes."""
    if tune.origin.platform != EXAMPLES:
        return ""
    return next((value for name, value in read(tune.request.opening).fields if name == "N"), "")


class Examples:
    """Requests the recordings of the examples, and finds them once they are made."""

    def __init__(self, storage: Storage, examples: Sequence[Example]) -> None:
        self._storage, self._examples = storage, examples
        self._ids: list[str] = []
        self._recorded: dict[str, Tune] = {}  # an example never changes

    async def keep(self, app: web.Application) -> AsyncIterator[None]:
        """Requests the recordings while the application runs."""
        requesting = asyncio.create_task(self._request())
        yield
        requesting.cancel()
        with suppress(asyncio.CancelledError):
            await requesting

    async def _request(self) -> None:
        while len(self._ids) < len(self._examples):
            abc = self._examples[len(self._ids)].abc
            origin = Origin(EXAMPLES, hashlib.sha256(abc.encode()).hexdigest()[:16], _USER)
            try:  # the same event is stored once
                self._ids.append((await self._storage.add(TuneRequest.check(opening=abc, mode="play", seed=0), origin)).id)
            except (StorageError, NoRoom) as error:
                _log.warning("The example tunes cannot be requested; trying again.", error=str(error))
                await asyncio.sleep(TRY_AGAIN_S)

    async def shown(self) -> list[Example]:
        """The examples, with their tunes as far as they are recorded."""
        for tune_id in self._ids:
            if tune_id not in self._recorded and (tune := await self._storage.gallery.visible_tune(tune_id, PUBLIC)):
                self._recorded[tune_id] = tune
        tunes = [self._recorded.get(tune_id) for tune_id in self._ids] + [None] * (len(self._examples) - len(self._ids))
        return [replace(each, tune=tune) for each, tune in zip(self._examples, tunes, strict=True)]
