"""What Slack says about people: their language, and whether they administer the workspace."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog

from bot.core.recent import Recent
from bot.slack.core import limits
from bot.slack.core.clients import FAILURES, Clients
from bot.slack.core.event import Event

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    locale: str = ""  # such as `de-DE`
    is_admin: bool = False  # of the workspace of the event, or its owner


class People:
    """Remembers for an hour what Slack said."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        # By workspace and user, since people of an organization may be in several.
        self._people: Recent[tuple[str, str], tuple[float, Person]] = Recent(limits.REMEMBERED_PEOPLE)

    async def of(self, event: Event) -> Person:
        """The person of the event. Nothing is known if Slack does not answer in time."""
        now, key = time.monotonic(), (event.team_id or event.enterprise_id, event.user_id)
        asked, person = self._people.get(key, (0.0, None))
        if person is not None and now - asked < limits.REMEMBER_PERSON_S:
            return person
        try:
            async with asyncio.timeout(limits.LOOKUP_S):
                client = await self._clients.of(event.team_id, event.enterprise_id)
                user = (await client.users_info(user=event.user_id, include_locale=True))["user"]
        except FAILURES as error:
            log.info("Slack did not say who a person is.", reason=repr(error))
            return person or Person()
        is_admin = bool(user.get("is_admin") or user.get("is_owner")) and not user.get("is_stranger")
        found = Person(str(user.get("locale") or ""), is_admin)
        self._people[key] = (now, found)
        return found
