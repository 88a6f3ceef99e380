"""Who asks, from where, and in which language they are answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog

from bot.core.desk import Desk
from bot.discord.core.reply import PLATFORM
from bot.languages import Language, language
from generator.request import RequestError, TuneRequest
from storage.preferences import CommunitySettings, Defaults
from storage.viewer import Viewer

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # of the 3 s that Discord leaves for the first answer


@dataclass(frozen=True, slots=True)
class Caller:
    viewer: Viewer
    defaults: Defaults
    settings: CommunitySettings
    translate: Language
    desk: Desk

    @classmethod
    async def of(cls, interaction: discord.Interaction[TunesmithBot]) -> Self:
        return await cls.known(
            interaction.client, user_id=interaction.user.id, guild_id=interaction.guild_id, locale=str(interaction.locale)
        )

    @classmethod
    async def known(cls, bot: TunesmithBot, *, user_id: int, guild_id: int | None, locale: str) -> Self:
        """`locale` is what Discord says of the person or of the place. They are answered even where the database is slow."""
        viewer = Viewer(PLATFORM, str(user_id), str(guild_id or ""))
        defaults, settings = Defaults(), CommunitySettings()
        try:
            async with asyncio.timeout(LOOK_S):
                defaults, settings = await bot.storage.preferences.both(viewer)
        except TimeoutError:  # without its traceback: there may be many at once, and writing them keeps everybody waiting
            log.warning("Reading preferences timed out; using none.")
        except Exception:
            log.exception("Reading preferences failed; using none.")
        return cls(viewer, defaults, settings, language(defaults.language or settings.language or locale), bot.desk)

    async def wish(self, **typed: Any) -> TuneRequest:
        """What was typed, with the person's and the server's defaults where nothing was; raises RequestError, also for a
        model that is not at hand.

        In a thread: a hostile opening takes a tenth of a second to read, and everybody else waits for the loop.
        """
        filled = self.defaults.filled_into(typed)
        if self.settings.instrument:
            filled.setdefault("instrument", self.settings.instrument)
        request = await asyncio.to_thread(lambda: TuneRequest.check(**filled))
        if typed.get("model"):
            try:
                async with asyncio.timeout(LOOK_S):
                    await self.desk.check_model(request.model)
            except RequestError:
                raise
            except Exception:  # the desk looks again when it takes the request
                log.exception("Checking whether a model is available failed.")
        return request
