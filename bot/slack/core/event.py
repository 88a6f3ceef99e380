"""Who did what where in Slack: the part of a payload that every feature needs, checked.

Payloads are hostile until parsed. Ids that don't look like ids count as missing; without those that are needed, an event is
refused.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from bot.core.recent import Recent
from bot.slack.core import limits

Payload = Mapping[str, Any]

_ID = re.compile(r"[0-9A-Za-z.]{1,200}", re.ASCII)  # of an event or a trigger
_TEAM = re.compile(r"T[0-9A-Z]{1,30}", re.ASCII)
_ENTERPRISE = re.compile(r"E[0-9A-Z]{1,30}", re.ASCII)
_USER = re.compile(r"[UW][0-9A-Z]{1,30}", re.ASCII)
_CHANNEL = re.compile(r"[CDG][0-9A-Z]{1,30}", re.ASCII)
_FILE = re.compile(r"F[0-9A-Z]{1,30}", re.ASCII)
_VIEW = re.compile(r"V[0-9A-Z]{1,30}", re.ASCII)
_TUNE = re.compile(r"[0-9A-Za-z]{1,40}", re.ASCII)
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}", re.ASCII)


class UnreadableEvent(ValueError):
    """A payload without the ids that every payload of Slack has. Nobody can be answered."""


@dataclass(frozen=True, slots=True)
class Event:
    """One act of a person. An id is empty where there is none."""

    id: str  # the same if Slack sends the event again
    team_id: str  # the workspace where the app is installed; empty for an organization's installation
    enterprise_id: str
    user_id: str
    user_team_id: str = ""  # of the person's own workspace or organization, where Slack tells it
    channel_id: str = ""  # empty in App Home
    thread_ts: str = ""  # of the first message in the thread
    message_ts: str = ""  # of the message, or of the one with the button
    view_id: str = ""  # of the modal with the button
    trigger_id: str = ""  # opens a modal within 3 s
    response_url: str = ""
    began_s: float = field(default_factory=time.monotonic)  # when the handling began

    @property
    def community_id(self) -> str:
        """The workspace or organization whose tunes and settings the person may see; empty for a guest from another one.

        In a channel that is shared with another workspace, its people are guests.
        """
        own = (self.team_id, self.enterprise_id, "")
        return (self.team_id or self.enterprise_id) if self.user_team_id in own or not self.team_id else ""

    @property
    def is_direct(self) -> bool:
        return self.channel_id.startswith("D")

    @property
    def in_home(self) -> bool:
        """Whether it happened in App Home itself, and not in a modal over it."""
        return not self.channel_id and not self.view_id

    @property
    def is_private(self) -> bool:
        """Whether nobody else sees what the person asks for: in direct messages, App Home, and a modal over App Home."""
        return self.is_direct or not self.channel_id

    @classmethod
    def of_command(cls, body: Payload) -> Self:
        """Raises UnreadableEvent, as all constructors do."""
        return cls._of(
            body,
            id=body.get("trigger_id"),
            team_id=body.get("team_id"),
            enterprise_id=body.get("enterprise_id"),
            user_id=body.get("user_id"),
            channel_id=body.get("channel_id"),
        )

    @classmethod
    def of_interaction(cls, body: Payload) -> Self:
        """A button, a menu, a shortcut or a submitted view."""
        user, view, message = _part(body, "user"), _part(body, "view"), _part(body, "message")
        container, team = _part(body, "container"), _part(body, "team")
        message_ts = message.get("ts") or body.get("message_ts") or container.get("message_ts")
        thread_ts = message.get("thread_ts") or container.get("thread_ts")
        return cls._of(
            body,
            id=body.get("trigger_id"),
            team_id=view.get("app_installed_team_id") or team.get("id") or user.get("team_id"),
            enterprise_id=_part(body, "enterprise").get("id") or team.get("enterprise_id"),
            user_id=user.get("id"),
            user_team_id=user.get("team_id"),
            channel_id=_part(body, "channel").get("id") or container.get("channel_id"),
            thread_ts=thread_ts if thread_ts != message_ts else None,  # the first message of a thread is in the channel
            message_ts=message_ts,
            view_id=view.get("id") if view.get("type") == "modal" else None,
        )

    @classmethod
    def of_event(cls, body: Payload) -> Self:
        """A message, a mention, an opened App Home, a link, or an assistant's thread."""
        event = _part(body, "event")
        thread = _part(event, "assistant_thread")
        authorizations = body.get("authorizations")
        installed = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
        if not isinstance(installed, dict):
            raise UnreadableEvent("authorizations")
        return cls._of(
            body,
            id=body.get("event_id"),
            team_id=installed.get("team_id") or body.get("team_id"),
            enterprise_id=installed.get("enterprise_id") or body.get("enterprise_id"),
            user_id=event.get("user") or thread.get("user_id"),
            user_team_id=event.get("user_team") or event.get("team"),
            channel_id=event.get("channel") or thread.get("channel_id"),
            thread_ts=event.get("thread_ts") or thread.get("thread_ts"),
            message_ts=event.get("ts") or event.get("message_ts"),
        )

    @classmethod
    def _of(cls, body: Payload, **found: object) -> Self:
        def read(name: str, *patterns: re.Pattern[str]) -> str:
            return next((text for pattern in patterns if (text := _matching(found.get(name), pattern))), "")

        response_url = body.get("response_url")
        event = cls(
            id=read("id", _ID),
            team_id=read("team_id", _TEAM),
            enterprise_id=read("enterprise_id", _ENTERPRISE),
            user_id=read("user_id", _USER),
            user_team_id=read("user_team_id", _TEAM, _ENTERPRISE),
            channel_id=read("channel_id", _CHANNEL),
            thread_ts=read("thread_ts", _TS),
            message_ts=read("message_ts", _TS),
            view_id=read("view_id", _VIEW),
            trigger_id=_matching(body.get("trigger_id"), _ID),
            response_url=response_url if isinstance(response_url, str) else "",
        )
        if not event.id or not event.user_id or not (event.team_id or event.enterprise_id):
            raise UnreadableEvent(", ".join(name for name in ("id", "user_id", "team_id") if not getattr(event, name)))
        return event


class ResponseUses:
    """Counts how often an event's response_url was used: Slack allows five uses in half an hour."""

    def __init__(self) -> None:
        self._uses: Recent[str, int] = Recent(limits.REMEMBERED_EVENTS)

    def take(self, event: Event) -> bool:
        """Whether the event's response_url may be used now. The use is counted."""
        used = self._uses.get(event.response_url, 0)
        if not event.response_url or used >= limits.RESPONSES or time.monotonic() > event.began_s + limits.RESPONSES_S:
            return False
        self._uses[event.response_url] = used + 1
        return True


def _part(payload: Payload, name: str) -> Payload:
    """The object with this name, or an empty one."""
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def is_channel(text: object) -> bool:
    """Whether this is the id of a channel, a group or a direct conversation."""
    return bool(_matching(text, _CHANNEL))


def is_file(text: object) -> bool:
    return bool(_matching(text, _FILE))


def is_timestamp(text: object) -> bool:
    """Whether this is the `ts` of a message."""
    return bool(_matching(text, _TS))


def files_in(body: Payload) -> tuple[str, ...]:
    """The ids of the files of the message with the button."""
    files = _part(body, "message").get("files")
    return tuple(str(file["id"]) for file in files or () if isinstance(file, dict) and is_file(file.get("id")))


def is_ephemeral(body: Payload) -> bool:
    """Whether the button is in a message that only the person sees."""
    return _part(body, "container").get("is_ephemeral") is True


def value_in(body: Payload) -> str:
    """The value of the button that was pressed, or of the option that was chosen in a menu; empty if there is none."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    value = action.get("value") or _part(action, "selected_option").get("value")
    return value if isinstance(value, str) else ""


def tune_id_in(body: Payload) -> str:
    """The id of the tune or the set whose button was pressed, or that was chosen; empty if the value is none."""
    return tune_id_of(value_in(body))


def tune_id_of(text: str) -> str:
    """The text if it may be the id of a tune, else an empty one."""
    return _matching(text, _TUNE)
