"""The front desk, the same for every platform: requests come in, and whoever asked follows their tune."""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from generator.notation.errors import NotationError
from generator.notation.metres import Metre, rhythm_named
from generator.notation.reader import read
from generator.notation.structure import sections
from generator.notation.writer import write
from generator.request import DEFAULT_STRENGTH, RequestError, TuneRequest
from generator.user_messages import OneOf, UserError, UserMessage
from storage.rounds import QueueSpeed
from storage.storage import Storage
from storage.tunes import Composition, Origin, Status, Tune
from storage.viewer import Viewer, owns

log = structlog.get_logger(__name__)

RELISTEN_S = 2.0
# A queue_position in the queue moves with every tune that is taken: who waits looks again at most this often, and less often
# the more people wait, so that a long queue does not spend the database on reading queue_positions.
QUEUE_POSITION_S, FOLLOWERS_PER_SECOND = 1.0, 50
NAMED_CHANNELS = 10  # in a sentence


class DeskError(UserError):
    """A request that the desk refuses."""


@dataclass(frozen=True, slots=True)
class Progress:
    tune: Tune
    queue_position: int  # in the queue, 1 is next; 0 once it is no longer queued
    held_until: datetime | None = None  # while the person's cooldown goes on: when the tune may be started
    seconds_left: int | None = field(default=None, compare=False)  # until it is finished, about; None while nobody knows


def seconds_left(tune: Tune, queue_position: int, speed: QueueSpeed, now: datetime) -> int | None:
    """How long it is until the tune is finished, by how long the last ones were in hand and how many are in hand at a time."""
    if tune.status.over or speed.seconds is None:
        return None
    if tune.status is Status.QUEUED:
        # One comes free whenever one of those in hand is finished; with nothing in hand the first is taken at once.
        waiting = (
            queue_position * speed.seconds / speed.in_progress
            if speed.in_progress
            else max(queue_position - 1, 0) * speed.seconds
        )
        held = (tune.not_before - now).total_seconds() if tune.not_before else 0
        return math.ceil(max(waiting, held) + speed.seconds)
    in_progress = (now - tune.started_at).total_seconds() if tune.started_at else 0
    return max(math.ceil(speed.seconds - in_progress), 1)


def again(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The same wish with a new seed, and its parent: it is a sibling of the tune."""
    return tune.request.again(), tune.parent_id


def vary(tune: Tune, strength: int = DEFAULT_STRENGTH) -> tuple[TuneRequest, str | None]:
    """The whole tune as the opening, in its own rhythm, key and metre, and the tune as its parent.

    This and the next three functions raise RequestError, with the sentence to show, for a tune of which that cannot be made,
    and ValueError for one that is not finished.
    """
    return _from(tune, mode="vary", strength=strength), tune.id


def go_on(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The whole tune as the opening to go on from: it stays as it is, and gets a new part at least."""
    return _from(tune, mode="continue"), tune.id


def second_part(tune: Tune) -> tuple[TuneRequest, str | None]:
    """The tune's first part with a new second one, whatever parts it has had beside it."""
    return _from(tune, mode="second part", opening=_first_part(_made(tune).abc)), tune.id


def play_by(tune: Tune, instrument: str, *, backing: bool) -> tuple[TuneRequest, str | None]:
    """The same tune as it stands, played by another instrument ("" for its rhythm's own), with guitar and drum or alone."""
    wish = TuneRequest(seed=tune.request.seed, opening=_made(tune).abc, mode="play", instrument=instrument, backing=backing)
    return TuneRequest.check(**wish.as_dict()), tune.id


def heard(tune: Tune) -> dict[str, str]:
    """The rhythm, key and metre that the tune came in, as a request names them; empty for what none can ask for."""
    made = _made(tune)
    rhythm, metre = rhythm_named(made.rhythm), Metre.parse(made.metre) if made.metre else None
    # Somebody's own tune may be called anything, and a jig be written in 4/4.
    fits = rhythm and metre and any(metre.bar == usual.bar for usual in rhythm.metres)
    return {"rhythm": rhythm.name if rhythm and fits else "", "key": made.key, "metre": made.metre}


def _from(tune: Tune, **changes: Any) -> TuneRequest:
    kept = tune.request.again().as_dict() | heard(tune)
    return TuneRequest.check(**kept | {"opening": _made(tune).abc, "title": ""} | changes)


def _made(tune: Tune) -> Composition:
    if tune.composition is None:
        raise ValueError(f"Tune {tune.id} is not finished.")
    return tune.composition


def _first_part(abc: str) -> str:
    """The tune's first part, with the pick-up that stands before it if there is one; raises RequestError."""
    try:
        score = read(abc)
    except NotationError as error:
        raise RequestError("opening", error.reason) from None
    (_, end), *others = sections(score.bars)
    if others and end == 1 and score.metre and score.bars[0].duration < score.metre.bar:
        end = others[0][1]
    return write(replace(score, bars=score.bars[:end], order=""))


class Desk:
    """Takes requests for every platform; `run` has to be running for followers to hear of changes."""

    def __init__(self, storage: Storage, *, open_requests_per_person: int) -> None:
        self._storage = storage
        self._limit = open_requests_per_person
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._queued: set[asyncio.Event] = set()  # those of the followers whose tune waits in the queue
        self._moved = asyncio.Event()  # something changed since the queued followers last looked
        self._speed, self._speed_read_at, self._reading_speed = QueueSpeed(), -math.inf, asyncio.Lock()

    @property
    def followers(self) -> int:
        return sum(map(len, self._followers.values()))

    async def submit(
        self, request: TuneRequest, origin: Origin, *, parent_id: str | None = None, parent_channel_id: str = ""
    ) -> Tune:
        """Accepted means kept, and the same event is accepted once. A tune that is asked for in a cooldown waits for its end.

        `parent_channel_id`: the channel of a thread. Raises DeskError when the server has its tunes elsewhere, when the person has
        too many unfinished tunes, or typed what cannot be kept.
        """
        try:
            limit, cooldown_s = await self._rules(origin, parent_channel_id)
            [request] = await self._with_models_at_hand([request])
            return await self._storage.add(request, origin, parent_id=parent_id, limit=limit, cooldown_s=cooldown_s)
        except ValueError as error:
            raise DeskError(error.args[0]) from error

    async def submit_set(
        self, requests: Sequence[TuneRequest], origin: Origin, *, parent_id: str | None = None, parent_channel_id: str = ""
    ) -> list[Tune]:
        """The tunes of a set, all or none, as one turn; only the first has the parent. All else as `submit` does it."""
        try:
            limit, cooldown_s = await self._rules(origin, parent_channel_id)
            requests = await self._with_models_at_hand(requests)
            return await self._storage.add_set(requests, origin, parent_id=parent_id, limit=limit, cooldown_s=cooldown_s)
        except ValueError as error:
            raise DeskError(error.args[0]) from error

    async def _rules(self, origin: Origin, parent_channel_id: str) -> tuple[int, int]:
        """How many unfinished tunes the person may have, and the cooldown in seconds; raises DeskError in another channel."""
        if not origin.community_id:
            return self._limit, 0
        rules = await self._storage.preferences.community(Viewer(origin.platform, community_id=origin.community_id))
        if rules.channels and origin.channel_id not in rules.channels and parent_channel_id not in rules.channels:
            named = ", ".join(f"<#{channel}>" for channel in rules.channels[:NAMED_CHANNELS])
            if len(rules.channels) > NAMED_CHANNELS:
                raise DeskError(UserMessage("Tunes are made in {channels} and others here; please ask there.", channels=named))
            raise DeskError(UserMessage("Tunes are made in {channels} here; please ask there.", channels=named))
        return min(self._limit, rules.open_requests or self._limit), rules.cooldown_s

    async def models(self) -> dict[str, str]:
        """Names and descriptions of the models to choose from, the usual one first; none while no worker is there."""
        return await self._storage.model_offers.at_hand()

    async def check_model(self, name: str) -> None:
        """Raises RequestError for a model's name (TuneRequest.model) that somebody typed and that is not among them."""
        if name and (at_hand := await self.models()) and name not in at_hand:
            raise RequestError(
                "model", UserMessage("There is no model “{text}” here. Try {names}.", text=name, names=OneOf(at_hand))
            )

    async def _with_models_at_hand(self, requests: Sequence[TuneRequest]) -> Sequence[TuneRequest]:
        """What was asked of a model that is gone since, by a button or by somebody's defaults, is asked of the usual one."""
        if not any(request.model for request in requests) or not (at_hand := await self.models()):
            return requests
        return [request if request.model in at_hand else replace(request, model="") for request in requests]

    async def cancel(self, tune_id: str, by: Viewer) -> list[Tune]:
        """Deletes a tune of the viewer's that is not finished, or the set that it belongs to with all of its tunes.

        Gives the tunes as they were. Whoever follows them comes to an end, and a worker that has one in hand stops. Raises
        DeskError for anybody else, and when there is nothing left to cancel.
        """
        tune = await self._storage.tune(tune_id)
        if tune is None:
            raise DeskError(UserMessage("This tune is no longer there."))
        if not owns(by, tune):
            raise DeskError(UserMessage("Only whoever asked for this tune can cancel it."))
        tunes = await self._storage.set_of(tune.set_id) if tune.set_id else [tune]
        if all(tune.status.over for tune in tunes):
            raise DeskError(UserMessage("This is finished already; delete it if you don't want it."))
        deleted = []
        # What is finished goes first: a set of which nothing else is left would be delivered.
        for tune in sorted(tunes, key=lambda tune: not tune.status.over):
            with suppress(KeyError):  # somebody else was faster
                deleted.append(await self._storage.sharing.delete(tune.id, by))
        return deleted

    async def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        """How the tune stands now, then each change until it is finished or has failed.

        It ends before that when the tune is deleted, and at once for one that is not there: whether the last of these was
        over says which. A follower who is slow gets the newest state and not every one between. Close the iterator when
        leaving early (contextlib.aclosing).
        """

        async def look() -> list[Tune]:
            tune = await self._storage.tune(tune_id)
            return [] if tune is None else [tune]

        async with aclosing(self._follow([tune_id], look)) as changes:
            async for [progress] in changes:
                yield progress

    async def follow_set(self, set_id: str) -> AsyncGenerator[list[Progress], None]:
        """The same for all tunes of a set, in their order, until all are over; those that are deleted are left out.

        It ends at once for a set of which nothing is there.
        """
        ids = [tune.id for tune in await self._storage.set_of(set_id)]
        async with aclosing(self._follow(ids, lambda: self._storage.set_of(set_id))) as changes:
            async for progress in changes:
                yield progress

    async def _follow(
        self, ids: Sequence[str], look: Callable[[], Awaitable[list[Tune]]]
    ) -> AsyncGenerator[list[Progress], None]:
        changed = asyncio.Event()
        for tune_id in ids:  # before the first look, so that nothing falls between the two
            self._followers[tune_id].add(changed)
        seen = None
        try:
            while True:
                changed.clear()
                tunes = await look()
                if not tunes:
                    return
                queued = [tune.id for tune in tunes if tune.status is Status.QUEUED]
                (self._queued.add if queued else self._queued.discard)(changed)
                progress = await self._progress(tunes, await self._storage.queue_positions(queued) if queued else {})
                if progress != seen:
                    seen = progress
                    yield progress
                if all(tune.status.over for tune in tunes):
                    return
                await changed.wait()
        finally:
            self._queued.discard(changed)
            for tune_id in ids:
                self._followers[tune_id].discard(changed)
                if not self._followers[tune_id]:
                    del self._followers[tune_id]

    async def _progress(self, tunes: Sequence[Tune], queue_positions: Mapping[str, int]) -> list[Progress]:
        speed = QueueSpeed() if all(tune.status.over for tune in tunes) else await self._speed_now()
        now = datetime.now(UTC)
        states = []
        for tune in tunes:
            queue_position = queue_positions.get(tune.id, 0)
            held = tune.status is Status.QUEUED and tune.not_before is not None and tune.not_before > now
            held_until = tune.not_before if held else None
            states.append(Progress(tune, queue_position, held_until, seconds_left(tune, queue_position, speed, now)))
        return states

    async def _speed_now(self) -> QueueSpeed:
        """Read for all followers together, at most once in QUEUE_POSITION_S."""
        async with self._reading_speed:
            if time.monotonic() - self._speed_read_at >= QUEUE_POSITION_S:
                self._speed, self._speed_read_at = await self._storage.queue_speed(), time.monotonic()
            return self._speed

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
            await asyncio.sleep(max(QUEUE_POSITION_S, len(self._queued) / FOLLOWERS_PER_SECOND))
