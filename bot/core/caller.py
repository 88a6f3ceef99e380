"""The person who asks for something: who and where they are, their settings and their language."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Any, Self

import structlog

from bot.core.desk import Desk
from bot.languages import Language, language
from generator.request import RequestError, TuneRequest
from storage.preferences import CommunitySettings, Defaults
from storage.storage import Storage
from storage.viewer import Viewer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    viewer: Viewer
    defaults: Defaults
    settings: CommunitySettings
    translate: Language
    desk: Desk
    lookup_s: float  # how long reading the database may take before the platform's first answer
    began_s: float = field(default_factory=time.monotonic)  # when the handling of the event began

    @classmethod
    async def load(cls, storage: Storage, desk: Desk, viewer: Viewer, *, locale: str, lookup_s: float) -> Self:
        """`locale` is the language that the platform names for the person. Works also if the database is slow."""
        began_s, defaults, settings = time.monotonic(), Defaults(), CommunitySettings()
        try:
            async with asyncio.timeout(lookup_s):
                defaults, settings = await storage.preferences.defaults_and_settings(viewer)
        except TimeoutError:  # without its traceback: there may be many at once, and writing them would delay everybody
            log.warning("Reading preferences timed out; using none.")
        except Exception:
            log.exception("Reading preferences failed; using none.")
        return cls(viewer, defaults, settings, language(None), desk, lookup_s, began_s).speaking(locale)

    def speaking(self, locale: str) -> Self:
        """The same person with their language: what they or the community chose, or else the platform's `locale` for them."""
        return replace(self, translate=language(self.defaults.language or self.settings.language or locale))

    async def request(self, **typed: Any) -> TuneRequest:
        """A request of what was typed, with the defaults of the person and the community for the rest.

        Raises RequestError, also for a model that no worker offers. The check runs in a thread: a hostile opening takes a
        tenth of a second to read, and would block the event loop.
        """
        filled = self.defaults.filled_into(typed)
        if self.settings.instrument:
            filled.setdefault("instrument", self.settings.instrument)
        request = await asyncio.to_thread(lambda: TuneRequest.check(**filled))
        if typed.get("model"):
            try:
                async with asyncio.timeout(self.lookup_s):
                    await self.desk.check_model(request.model)
            except RequestError:
                raise
            except Exception:  # the model is checked again when the request is stored
                log.exception("Checking whether a model is available failed.")
        return request
