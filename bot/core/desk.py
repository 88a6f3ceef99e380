"""The desk: what every platform calls to submit a request, cancel it and follow its progress."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import structlog

from bot import meters
from bot.core.following import Followers, Progress
from generator.request import RequestError, TuneRequest
from generator.user_messages import OneOf, UserError, UserMessage
from storage.errors import QueueFull, TooManyOpen
from storage.preferences import CommunitySettings
from storage.storage import Storage
from storage.tunes import Origin, Tune
from storage.viewer import Viewer, owns

MAX_NAMED_CHANNELS = 10  # in a message


log = structlog.get_logger(__name__)


class DeskError(UserError):
    """A request that the desk refuses."""


class Desk:
    """Submits and cancels requests and follows their progress. `run` must be running for `follow` to receive changes."""

    def __init__(self, storage: Storage, *, open_requests_per_person: int, queue_limit: int | None = None) -> None:
        self._storage = storage
        self._limit, self._queue_limit = open_requests_per_person, queue_limit
        self._followers = Followers(storage)

    @property
    def followers(self) -> int:
        return len(self._followers)

    async def run(self) -> None:
        """Listens for changes of tunes, for all followers. Runs until cancelled."""
        await self._followers.run()

    def follow(self, tune_id: str) -> AsyncGenerator[Progress, None]:
        """See Followers.follow."""
        return self._followers.follow(tune_id)

    def follow_set(self, set_id: str) -> AsyncGenerator[list[Progress], None]:
        """See Followers.follow_set."""
        return self._followers.follow_set(set_id)

    def follow_all(self, tune: Tune) -> AsyncGenerator[list[Progress], None]:
        """Follows the tunes that were requested together with this one, or this one alone."""
        return self._followers.follow_set(tune.set_id) if tune.set_id else self._followers.follow_one(tune.id)

    async def submit(
        self, request: TuneRequest, origin: Origin, *, parent_id: str | None = None, parent_channel_id: str = ""
    ) -> Tune:
        """Stores the request. The same event is stored once; a request within a cooldown waits until the cooldown ends.

        `parent_channel_id` is the channel of a thread. Raises UserError: DeskError in a channel where no tunes may be requested,
        TooManyOpen, QueueFull, or for text that can't be stored.
        """
        limit, cooldown_s = await self._rules(origin, parent_channel_id)
        [request] = await self._with_offered_models([request])
        with _noted(origin):
            tune = await self._storage.add(
                request, origin, parent_id=parent_id, limit=limit, cooldown_s=cooldown_s, queue_limit=self._queue_limit
            )
            log.info("A tune is requested.", platform=origin.platform, tune=tune.id)
        return tune

    async def submit_set(
        self, requests: Sequence[TuneRequest], origin: Origin, *, parent_id: str | None = None, parent_channel_id: str = ""
    ) -> list[Tune]:
        """Stores the tunes of a set, all or none, as one turn in the queue. Only the first has the parent. Raises as `submit`."""
        limit, cooldown_s = await self._rules(origin, parent_channel_id)
        requests = await self._with_offered_models(requests)
        with _noted(origin):
            tunes = await self._storage.add_set(
                requests, origin, parent_id=parent_id, limit=limit, cooldown_s=cooldown_s, queue_limit=self._queue_limit
            )
            log.info("Tunes are requested.", platform=origin.platform, tunes=[tune.id for tune in tunes])
        return tunes

    async def _rules(self, origin: Origin, parent_channel_id: str) -> tuple[int, int]:
        """The limit of unfinished tunes and the cooldown in seconds. Raises DeskError in a channel that is not allowed."""
        if not origin.community_id:
            return self._limit, 0
        community = Viewer(origin.platform, community_id=origin.community_id)
        settings = await self.check_channel(community, origin.channel_id, parent_channel_id)
        return min(self._limit, settings.open_requests or self._limit), settings.cooldown_s

    async def check_channel(self, community: Viewer, channel_id: str, parent_channel_id: str) -> CommunitySettings:
        """The settings of the viewer's community. Raises DeskError in a channel where they allow no tunes."""
        settings = await self._storage.preferences.community(community)
        if settings.channels and not {channel_id, parent_channel_id} & set(settings.channels):
            names = ", ".join(f"<#{channel}>" for channel in settings.channels[:MAX_NAMED_CHANNELS])
            if len(settings.channels) > MAX_NAMED_CHANNELS:
                raise DeskError(
                    UserMessage("I make tunes in {channels} and other channels here. Please ask there.", channels=names)
                )
            raise DeskError(UserMessage("I make tunes in {channels} here. Please ask there.", channels=names))
        return settings

    async def models(self) -> dict[str, str]:
        """Names and descriptions of the models that workers offer, the default first; empty while no worker runs."""
        return await self._storage.model_offers.offered()

    async def check_model(self, name: str) -> None:
        """Raises RequestError for a model name that a user typed and that no worker offers."""
        if name and (offered := await self.models()) and name not in offered:
            raise RequestError(
                "model", UserMessage("There is no model “{text}” here. Try {names}.", text=name, names=OneOf(offered))
            )

    async def _with_offered_models(self, requests: Sequence[TuneRequest]) -> Sequence[TuneRequest]:
        """Replaces a model that is no longer offered, from a button or from stored defaults, by the default model."""
        if not any(request.model for request in requests) or not (offered := await self.models()):
            return requests
        return [request if request.model in offered else replace(request, model="") for request in requests]

    async def cancel(self, tune_id: str, viewer: Viewer) -> list[Tune]:
        """Deletes the viewer's unfinished tune, or all tunes of the set that it belongs to.

        Returns the tunes as they were. Followers end, and a worker that composes one of them stops. Raises DeskError if the
        viewer isn't the owner or nothing is left to cancel.
        """
        tune = await self._storage.tune(tune_id)
        if tune is None:
            raise DeskError(UserMessage("This tune no longer exists."))
        if not owns(viewer, tune):
            raise DeskError(UserMessage("Only the person who requested this tune can cancel it."))
        tunes = await self._storage.set_of(tune.set_id) if tune.set_id else [tune]
        if all(tune.status.over for tune in tunes):
            raise DeskError(UserMessage("This tune is already finished. You can delete it instead."))
        deleted = []
        # Finished tunes first: a set with only finished tunes left would be delivered.
        for tune in sorted(tunes, key=lambda tune: not tune.status.over):
            with suppress(KeyError):  # deleted by somebody else meanwhile
                deleted.append(await self._storage.sharing.delete(tune.id, viewer))
        return deleted


@contextmanager
def _noted(origin: Origin) -> Iterator[None]:
    """Names the request in the log, also in what is done for it from here on, and counts refusals."""
    structlog.contextvars.bind_contextvars(request=origin.request_id)
    try:
        yield
    except (TooManyOpen, QueueFull) as refused:
        meters.REFUSED.labels("queue" if isinstance(refused, QueueFull) else "person").inc()
        raise
