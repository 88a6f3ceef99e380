"""The front desk, the same for every platform: requests come in, and whoever asked follows their tune."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import structlog

from generator.notation.metres import Metre, rhythm_named
from generator.request import TuneRequest
from storage.storage import Storage
from storage.tunes import Origin, Status, Tune

log = structlog.get_logger(__name__)

RELISTEN_S = 2.0
# A place in the queue moves with every tune that is taken: who waits looks again at most this often, and less often
# the more people wait, so that a long queue does not spend the database on reading places.
PLACE_S, FOLLOWERS_PER_SECOND = 1.0, 50


class DeskError(Exception):
    """A request that is turned down; `sentence` is to be shown."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Progress:
    tune: Tune
    place: int  # in the queue, 1 is next; 0 once it is no longer queued


def again(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The same wish with a new seed, and its parent: it is a sibling of the tune."""
    return tune.request.again(), tune.parent


def vary(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The whole tune as the opening, in its own rhythm, key and metre, and the tune as its parent.

    Raises ValueError for a tune that is not finished.
    """
    made = tune.composition
    if made is None:
        raise ValueError(f"Tune {tune.id} is not finished.")
    kept = replace(tune.request.again(), opening=made.abc, mode="vary", title="")
    rhythm, metre = rhythm_named(made.rhythm), Metre.parse(made.metre) if made.metre else None
    # Somebody's own tune may be called anything, and a jig be written in 4/4.
    fits = rhythm and metre and any(metre.bar == usual.bar for usual in rhythm.metres)
    return replace(kept, rhythm=rhythm.name if rhythm and fits else None, key=made.key or None, metre=made.metre or None), tune.id


class Desk:
    """Takes requests for every platform; `run` has to be running for followers to hear of changes."""

    def __init__(self, storage: Storage, *, open_requests_per_person: int) -> None:
        self._storage = storage
        self._limit = open_requests_per_person
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._queued: set[asyncio.Event] = set()  # those of the followers whose tune waits in the queue
        self._moved = asyncio.Event()  # something changed since the queued followers last looked

    @property
    def followers(self) -> int:
        return sum(map(len, self._followers.values()))

    async def submit(self, request: TuneRequest, origin: Origin, *, parent: str | None = None) -> Tune:
        """Accepted means kept, and the same event is accepted once.

        Raises DeskError when the person has too many unfinished tunes or typed what cannot be kept.
        """
        try:
            return await self._storage.add(request, origin, parent=parent, limit=self._limit)
        except ValueError as error:
            raise DeskError(error.args[0]) from error

    async def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        """How the tune stands now, then each change until it is finished or has failed; raises KeyError for an unknown tune.

        A follower who is slow gets the newest state and not every one between. Close the iterator when leaving early
        (contextlib.aclosing).
        """
        changed = asyncio.Event()
        self._followers[tune_id].add(changed)  # before the first look, so that nothing falls between the two
        seen = None
        try:
            while True:
                changed.clear()
                tune = await self._storage.tune(tune_id)
                if tune is None:
                    raise KeyError(tune_id)
                queued = tune.status is Status.QUEUED
                (self._queued.add if queued else self._queued.discard)(changed)
                progress = Progress(tune, await self._storage.place(tune_id) if queued else 0)
                if progress != seen:
                    seen = progress
                    yield progress
                if tune.status.over:
                    return
                await changed.wait()
        finally:
            self._queued.discard(changed)
            self._followers[tune_id].discard(changed)
            if not self._followers[tune_id]:
                del self._followers[tune_id]

    async def run(self) -> None:
        """The one listener for all followers, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh_places())
            while True:
                try:
                    await self._listen()
                except Exception:
                    log.exception("Changes of tunes cannot be listened to; trying again.", seconds=RELISTEN_S)
                await asyncio.sleep(RELISTEN_S)

    async def _listen(self) -> None:
        async with self._storage.changes() as changes:
            self._wake_everybody()  # who looked before the listener was there
            async for tune_id in changes:
                if tune_id:
                    for changed in self._followers.get(tune_id, ()):
                        changed.set()
                    self._moved.set()
                else:
                    self._wake_everybody()

    def _wake_everybody(self) -> None:
        for followers in self._followers.values():
            for changed in followers:
                changed.set()

    async def _refresh_places(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            for changed in self._queued:
                changed.set()
            await asyncio.sleep(max(PLACE_S, len(self._queued) / FOLLOWERS_PER_SECOND))
