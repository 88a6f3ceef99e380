"""The person behind an interaction or a message: who and where they are, their settings and their language."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Self

import structlog

from bot.core.desk import Desk
from bot.discord.core import limits
from bot.discord.core.context import Context, Interaction
from bot.discord.core.reply import PLATFORM
from bot.languages import Language, language
from generator.request import RequestError, TuneRequest
from storage.preferences import CommunitySettings, Defaults
from storage.viewer import Viewer

log = structlog.get_logger(__name__)


def viewer_of(user_id: int, guild_id: int | None) -> Viewer:
    return Viewer(PLATFORM, str(user_id), str(guild_id or ""))


@dataclass(frozen=True, slots=True)
class Caller:
    viewer: Viewer
    defaults: Defaults
    settings: CommunitySettings
    translate: Language
    desk: Desk
    began_s: float = field(default_factory=time.monotonic)  # when the handling of the interaction or message began

    @classmethod
    async def of(cls, interaction: Interaction) -> Self:
        context, viewer = interaction.client.context, viewer_of(interaction.user.id, interaction.guild_id)
        return await cls.load(context, viewer, locale=str(interaction.locale))

    @classmethod
    async def load(cls, context: Context, viewer: Viewer, *, locale: str) -> Self:
        """`locale` is the language that Discord names for the person or the server. Works also if the database is slow."""
        began_s, defaults, settings = time.monotonic(), Defaults(), CommunitySettings()
        try:
            async with asyncio.timeout(limits.LOOKUP_S):
                defaults, settings = await context.storage.preferences.defaults_and_settings(viewer)
        except TimeoutError:  # without its traceback: there may be many at once, and writing them would delay everybody
            log.warning("Reading preferences timed out; using none.")
        except Exception:
            log.exception("Reading preferences failed; using none.")
        return cls(viewer, defaults, settings, language(defaults.language or settings.language or locale), context.desk, began_s)

    async def request(self, **typed: Any) -> TuneRequest:
        """A request of what was typed, with the defaults of the person and the server for the rest.

        Raises RequestError, also for a model that no worker offers. The check runs in a thread: a hostile opening takes a
        tenth of a second to read, and would block the event loop.
        """
        filled = self.defaults.filled_into(typed)
        if self.settings.instrument:
            filled.setdefault("instrument", self.settings.instrument)
        request = await asyncio.to_thread(lambda: TuneRequest.check(**filled))
        if typed.get("model"):
            try:
                async with asyncio.timeout(limits.LOOKUP_S):
                    await self.desk.check_model(request.model)
            except RequestError:
                raise
            except Exception:  # the model is checked again when the request is stored
                log.exception("Checking whether a model is available failed.")
        return request
