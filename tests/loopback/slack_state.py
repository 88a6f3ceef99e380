"""What the stand-in knows and shares between its parts: channels, messages, files, breaches of rules, and the way to the app."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.loopback import slack_world as world
from tests.loopback.slack_delivery import EVENT, Delivery
from tests.loopback.slack_installations import Installation, Installations
from tests.loopback.slack_limits import Clock, Limits, Moment, Rates
from tests.loopback.slack_methods import SCOPE_OF_EVENT
from tests.loopback.slack_world import APP, IM, KIND_SCOPES, PUBLIC, Channel, Payload, Person, Refused, Sent, Team


class State:
    def __init__(
        self,
        *,
        scopes: tuple[str, ...],
        events: tuple[str, ...],
        limits: Limits,
        stretch: float,
        rotation: bool,
        assistant: str | None,
    ) -> None:
        self.clock = Clock(stretch)
        self.rates = Rates(limits)
        self.installations = Installations(self.clock, scopes, rotation)
        self.events, self.assistant = events, assistant
        self.channels: dict[str, Channel] = {channel.id: replace(channel) for channel in world.CHANNELS.values()}
        self.people: dict[str, Person] = dict(world.PEOPLE)
        self.messages: dict[tuple[str, str], Payload] = {}  # by channel and ts; everybody in the channel sees them
        self.ephemerals: list[Payload] = []
        self.breaches: list[str] = []  # of rules that a correct app keeps
        self.triggers: dict[str, tuple[Moment, Person, Team]] = {}
        self.address = ""  # http://127.0.0.1:PORT
        self.on_ack: Callable[[Sent], Awaitable[None]] | None = None  # carries out what an acknowledgement says
        self.delivery = Delivery(self.clock, self.breach, self.notify, self._acknowledged)
        self.changed = asyncio.Condition()
        self._count = itertools.count(random.randrange(10**7))  # ids differ from those of other stand-ins with the same database
        self._last_ts = 0

    async def _acknowledged(self, sent: Sent) -> None:
        if self.on_ack is not None:
            await self.on_ack(sent)

    # --- ids, changes, breaches
    def number(self) -> int:
        return next(self._count)

    def id(self, prefix: str) -> str:
        return f"{prefix}0{self.number():08d}"

    def ts(self) -> str:
        """A timestamp as Slack makes them: later than all before it."""
        self._last_ts = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def breach(self, what: str) -> None:
        self.breaches.append(what)

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    # --- channels
    def team(self, installed: Installation, arguments: Payload) -> Team | None:
        """The workspace of a call. A token of an organisation needs `team_id` where the workspace matters."""
        if installed.team is not None:
            return installed.team
        named = world.TEAMS.get(str(arguments.get("team_id", "")))
        if arguments.get("team_id") and (named is None or not installed.covers(named)):
            raise Refused("team_access_not_granted", breach=True)
        return named

    def reachable(self, channel: Channel, installed: Installation) -> bool:
        return any(installed.covers(team) for team in (channel.team, *channel.shared_with))

    def member(self, channel: Channel, installed: Installation) -> bool:
        return any(installed.covers(world.TEAMS[team]) for team in channel.bots)

    def present(self, channel: Channel) -> Installation | None:
        """The installation that is a member of a channel; of a shared one, in the first workspace that has it."""
        found = (self.installations.of(team) for team in (channel.team, *channel.shared_with))
        return next((each for each in found if each is not None and self.member(channel, each)), None)

    def channel(self, id: Any, installed: Installation) -> Channel:
        """A channel as the app finds it: not those of other workspaces, nor private ones that it is no member of."""
        channel = self.channels.get(str(id))
        if channel is None or not self.reachable(channel, installed):
            raise Refused("channel_not_found")
        if channel.kind != PUBLIC and not self.member(channel, installed):
            raise Refused("channel_not_found")
        return channel

    def postable(self, id: Any, installed: Installation) -> Channel:
        """A channel in which the app may post; `id` may be a person's, for direct messages."""
        if str(id) == world.SLACKBOT or str(id) == installed.bot_user:
            raise Refused("cannot_dm_bot", breach=True)
        if str(id) in self.people:
            id = self.direct(str(id), installed).id
        channel = self.channel(id, installed)
        if not self.member(channel, installed) and "chat:write.public" not in installed.scopes:
            raise Refused("not_in_channel")
        self.assert_open(channel)
        return channel

    def assert_open(self, channel: Channel) -> None:
        if channel.archived:
            raise Refused("is_archived")
        if channel.read_only:
            raise Refused("restricted_action_read_only_channel")

    def direct_of(self, person: Person) -> Channel:
        """The direct messages of a person with the app."""
        id = f"D0{person.id[2:]}"
        return self.channels.setdefault(id, Channel(id, "", person.team, IM, frozenset({person.team.id}), person))

    def direct(self, person: str, installed: Installation) -> Channel:
        found = self.people.get(person)
        if found is None or not installed.covers(found.team):
            raise Refused("user_not_found")
        if found.deactivated:
            raise Refused("user_disabled")
        return self.direct_of(found)

    # --- messages
    def add_message(self, channel: Channel, author: Payload, content: Payload, thread_ts: str | None = None) -> Payload:
        """Stores a message as conversations.history shows it, with its channel."""
        ts = self.ts()
        message = {"type": "message", "channel": channel.id, "ts": ts, "team": channel.team.id, "text": "", **author, **content}
        message["blocks"] = [
            block if "block_id" in block else {**block, "block_id": f"b{self.number()}"} for block in content.get("blocks") or []
        ]
        if not message["blocks"]:
            del message["blocks"]
        if thread_ts is not None:
            message["thread_ts"] = thread_ts
            parent = self.messages.get((channel.id, thread_ts))
            if parent is not None:
                parent |= {"thread_ts": thread_ts, "reply_count": parent.get("reply_count", 0) + 1, "latest_reply": ts}
        self.messages[channel.id, ts] = message
        return message

    def bot_author(self, installed: Installation) -> Payload:
        profile = {"id": installed.bot_id, "app_id": APP, "name": "Tunesmith", "deleted": False, "team_id": installed.at.id}
        return {"user": installed.bot_user, "bot_id": installed.bot_id, "app_id": APP, "bot_profile": profile}

    # --- events
    async def event(
        self, team: Team, event: Payload, person: Person | None = None, channel: Channel | None = None
    ) -> Sent | None:
        """Sends an event if the app is installed in the workspace, subscribed to the event, and has the scope for it.

        What happens in a shared channel is sent once, even if the app is installed in both workspaces.
        """
        installed = self.present(channel) if channel is not None else self.installations.of(team)
        if channel is not None and installed is not None and not installed.covers(team):
            team = next(each for each in channel.shared_with if installed.covers(each))
        name = str(event["type"])
        if name == "message" and channel is not None:
            name = f"message.{KIND_SCOPES[channel.kind]}"
        if installed is None or name not in self.events:
            return None
        if name in SCOPE_OF_EVENT and SCOPE_OF_EVENT[name] not in installed.scopes:
            return None
        return await self.send_event(installed, team, event, person, channel)

    async def send_event(
        self, installed: Installation, team: Team, event: Payload, person: Person | None = None, channel: Channel | None = None
    ) -> Sent:
        enterprise = installed.enterprise.id if installed.enterprise else None
        authorization = {
            "enterprise_id": enterprise, "team_id": None if installed.org_wide else team.id, "user_id": installed.bot_user,
            "is_bot": True, "is_enterprise_install": installed.org_wide,
        }  # fmt: skip
        payload = {
            "token": world.VERIFICATION_TOKEN, "team_id": team.id, **({"enterprise_id": enterprise} if enterprise else {}),
            "context_team_id": team.id, "context_enterprise_id": enterprise, "api_app_id": APP,
            "event": json.loads(json.dumps(event)), "type": "event_callback", "event_id": self.id("Ev"),
            "event_time": int(self.clock.now()), "authorizations": [authorization],
            "is_ext_shared_channel": bool(channel and channel.shared_with), "event_context": f"4-{self.number()}",
        }  # fmt: skip
        return await self.delivery.deliver(Sent(EVENT, payload, person, channel))

    def trigger(self, person: Person, team: Team) -> str:
        trigger_id = f"{self.number()}.{1_000_000 + self.number()}.{self.number():032x}"
        self.triggers[trigger_id] = self.clock.mark(), person, team
        return trigger_id
