"""What people do in the stand-in: write, use commands, buttons, menus, forms, shortcuts, App Home and the assistant."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tests.loopback import slack_payloads as payloads
from tests.loopback.slack_assistant import AGENT, ASSISTANT
from tests.loopback.slack_chat import permalink
from tests.loopback.slack_delivery import COMMAND
from tests.loopback.slack_files import file_shared
from tests.loopback.slack_forms import Forms
from tests.loopback.slack_world import (
    FIDDLER,
    IM,
    SESSION,
    TUNES,
    Channel,
    Payload,
    Person,
    Sent,
    Team,
    Upload,
)

_MARKUP = re.compile(r"&lt;(@[UW]\w+|#C\w+(?:\|[^&|]*)?|!\w+)&gt;")
_URL = re.compile(r"https?://[^\s<>|]+")


class Actions(Forms):
    """`commands` and `shortcuts` are those of the manifest; without any, all names are allowed."""

    commands: tuple[str, ...] = ()
    shortcuts: tuple[str, ...] = ()
    unfurl_domains: tuple[str, ...] = ()

    # --- writing
    async def write(
        self,
        text: str,
        *,
        channel: Channel = TUNES,
        person: Person = FIDDLER,
        thread: Payload | None = None,
        files: Sequence[Upload] = (),
        lost: bool = False,
        **unusual: Any,
    ) -> Payload:
        """Writes a message, in the thread of another one or in the channel. `<@U…>` mentions; Slack escapes & < and > in texts.

        `lost`: the app gets no event of it. `unusual` are other fields of the message, such as `subtype` or `bot_id`.
        """
        channel = self._entered(channel, person)
        thread_ts = thread.get("thread_ts", thread["ts"]) if thread is not None else None
        attached = [self.files.add(file, person, channel) for file in files]
        typed = _URL.sub(lambda url: f"<{url[0]}>", _MARKUP.sub(r"<\1>", html.escape(text, quote=False)))
        content: Payload = {"text": typed, "client_msg_id": f"client-{self.state.number()}"}
        if text:
            content["blocks"] = [payloads.rich_text(text, f"b{self.state.number()}")]
        if attached:
            content |= {"files": [self.files.payload(file) for file in attached], "upload": True, "display_as_bot": False}
        message = self.state.add_message(channel, {"user": person.id, "team": person.team.id}, content | unusual, thread_ts)
        for file in attached:
            file.shares.append((channel, message["ts"]))
        if not lost:
            await self._announce(message, channel, person)
        await self.state.notify()
        return message

    def _entered(self, channel: Channel, person: Person) -> Channel:
        """The channel as it is now; fails if the person cannot write there."""
        channel = self.state.channels.setdefault(channel.id, channel)
        assert not channel.archived, f"{channel.name} is archived"
        assert channel.person in (None, person), "these are somebody else's direct messages"
        assert person.team in (channel.team, *channel.shared_with), f"{person.name} is of another workspace"
        return channel

    async def _announce(self, message: Payload, channel: Channel, person: Person) -> None:
        """The events of a message of a person: message, app_mention, file_shared, link_shared."""
        installed = self.state.present(channel)
        if installed is None:
            return
        event = {**message, "event_ts": message["ts"]}
        if message.get("files") and "subtype" not in event:
            event["subtype"] = "file_share"
        if person.team is not channel.team:
            event |= {"user_team": person.team.id, "source_team": person.team.id, "user_profile": {"team": person.team.id}}
            if message.get("files"):  # of files from other workspaces Slack sends the ids only
                told = {"created": 0, "mode": "file_access", "file_access": "check_file_info"}
                event["files"] = [{"id": file["id"], **told} for file in message["files"]]
        if channel.kind != IM and f"<@{installed.bot_user}>" in message["text"]:
            mention = {name: value for name, value in event.items() if name != "subtype"}
            await self.state.event(channel.team, {**mention, "type": "app_mention"}, person, channel)
        await self.state.event(channel.team, {**event, "channel_type": channel.kind}, person, channel)
        for file in message.get("files", []):
            await self.state.event(channel.team, file_shared(file["id"], person.id, message), person, channel)
        await self._share_links(message, channel, person)

    async def _share_links(self, message: Payload, channel: Channel, person: Person) -> None:
        urls = [html.unescape(url) for url in _URL.findall(message["text"])]
        urls = [url for url in urls if self.unfurl_domains and _host(url).endswith(self.unfurl_domains)]
        if not urls:
            return
        place, unfurl_id = (channel.id, message["ts"]), f"{channel.id}-{self.state.number()}"
        self.chat.shared_links[place], self.chat.unfurl_ids[unfurl_id] = set(urls), place
        event = {
            "type": "link_shared", "channel": channel.id, "is_bot_user_member": True, "user": person.id,
            "message_ts": message["ts"], "unfurl_id": unfurl_id, "source": "conversations_history", "event_ts": message["ts"],
            "links": [{"domain": _host(url), "url": url} for url in urls],
            **({"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}),
        }  # fmt: skip
        await self.state.event(channel.team, event, person, channel)

    async def mention(self, text: str, *, channel: Channel = TUNES, person: Person = FIDDLER, **options: Any) -> Payload:
        """Writes a message that begins with a mention of the app; options as for `write`."""
        return await self.write(f"<@{channel.team.bot_user}> {text}", channel=channel, person=person, **options)

    async def direct(self, text: str, *, person: Person = FIDDLER, **options: Any) -> Payload:
        """Writes to the app in direct messages; options as for `write`."""
        return await self.write(text, channel=self.state.direct_of(person), person=person, **options)

    async def reply(self, message: Payload, text: str, *, person: Person = FIDDLER, **options: Any) -> Payload:
        """Writes in the thread of a message; options as for `write`."""
        channel = self.state.channels[message["channel"]]
        return await self.write(text, channel=channel, person=person, thread=message, **options)

    async def edit(self, message: Payload, text: str) -> Payload:
        """Changes a message that a person wrote; the app gets message_changed."""
        channel, before = self.state.channels[message["channel"]], payloads.seen(message)
        message |= {"text": html.escape(text, quote=False), "edited": {"user": message["user"], "ts": self.state.ts()}}
        message["blocks"] = [payloads.rich_text(text, f"b{self.state.number()}")]
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": channel.id, "ts": self.state.ts()}
        event |= {"channel_type": channel.kind, "event_ts": event["ts"], "previous_message": before}
        event["message"] = payloads.seen(message)
        await self.state.event(channel.team, event, self.state.people.get(message["user"]), channel)
        return message

    # --- commands and shortcuts
    async def slash(self, command: str, text: str = "", *, channel: Channel = TUNES, person: Person = FIDDLER) -> Sent:
        """Types a command. Slack offers none in threads, so there is no way to say a thread."""
        name = f"/{command.removeprefix('/')}"
        assert not self.commands or name in self.commands, f"the manifest has no {name}"
        installed = self._installed(person.team)
        assert "commands" in installed.scopes, "commands need the scope commands"
        channel = self._entered(channel, person)
        url = self.response_url(channel, person, installed)
        ids = {"trigger_id": self.state.trigger(person, person.team), "response_url": url}
        payload = payloads.slash_command(name, html.escape(text, quote=False), channel, person, installed, **ids)
        return await self.state.delivery.deliver(Sent(COMMAND, payload, person, channel))

    async def shortcut(self, callback_id: str, message: Payload | None = None, *, person: Person = FIDDLER) -> Sent:
        """Chooses a shortcut in the menu of a message or, without a message, in the menu of the message field."""
        assert not self.shortcuts or callback_id in self.shortcuts, f"the manifest has no shortcut {callback_id}"
        if message is None:
            return await self._interact("shortcut", person, person.team, callback_id=callback_id, action_ts=self.state.ts())
        self._assert_seen(message, person)
        channel = self.state.channels[message["channel"]]
        url = self.response_url(channel, person, self._installed(channel.team))
        place = {"channel": {"id": channel.id, "name": channel.shown_name}, "message": payloads.seen(message)}
        ids = {"callback_id": callback_id, "message_ts": message["ts"], "action_ts": self.state.ts()}
        return await self._interact("message_action", person, channel.team, channel, **ids, **place, response_url=url)

    # --- App Home, assistant, installation
    async def open_home(self, person: Person = FIDDLER, *, tab: str = "home", looking_at: Channel | None = None) -> Sent | None:
        """Opens the app's Home tab, or its direct messages (`tab="messages"`), perhaps beside a channel."""
        channel = self.state.direct_of(person)
        event: Payload = {"type": "app_home_opened", "user": person.id, "channel": channel.id, "tab": tab}
        event["event_ts"] = self.state.ts()
        if tab == "home" and person.id in self.views.homes:
            event["view"] = self.views.homes[person.id]
        if tab == "messages" and self.state.assistant == AGENT:
            event["context"] = _entities(looking_at)
        return await self.state.event(person.team, event, person, channel)

    async def look_at(self, channel: Channel, person: Person = FIDDLER) -> Sent | None:
        """Opens a channel beside the app, if the app is an agent."""
        assert self.state.assistant == AGENT
        direct = self.state.direct_of(person)
        event = {"type": "app_context_changed", "user": person.id, "channel": direct.id, "context": _entities(channel)}
        return await self.state.event(person.team, event | {"event_ts": self.state.ts()}, person, direct)

    async def start_assistant(self, person: Person = FIDDLER, *, looking_at: Channel | None = None) -> Payload:
        """Opens a new thread with an app of the older kind; returns its first message, to `reply` to."""
        assert self.state.assistant == ASSISTANT, "people write to an agent in direct messages"
        channel, installed = self.state.direct_of(person), self._installed(person.team)
        first = self.state.add_message(channel, self.state.bot_author(installed), {"subtype": "assistant_app_thread", "text": ""})
        first["thread_ts"] = first["ts"]
        self.assistants.threads[channel.id, first["ts"]] = {}
        context = {"channel_id": looking_at.id, "team_id": looking_at.team.id, "enterprise_id": None} if looking_at else {}
        thread = {"user_id": person.id, "context": context, "channel_id": channel.id, "thread_ts": first["ts"]}
        event = {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": self.state.ts()}
        await self.state.event(person.team, event, person, channel)
        return first

    async def stop_session(self, message: Payload, person: Person = FIDDLER) -> Sent | None:
        """Presses the stop button that Slack shows while an agent's session in a thread is `processing`."""
        channel, thread_ts = self.state.channels[message["channel"]], str(message.get("thread_ts", message["ts"]))
        assert self.assistants.threads[channel.id, thread_ts].get("session") == "processing"
        event = {"type": "agent_session_stopped", "channel": channel.id, "user": person.id, "thread_ts": thread_ts}
        return await self.state.event(
            channel.team, event | {"streaming_message_ts": [], "event_ts": self.state.ts()}, person, channel
        )

    async def uninstall(self, team: Team = SESSION) -> None:
        """Removes the app from a workspace, or from its organisation."""
        await self.accounts.uninstalled(self._installed(team))

    async def revoke_tokens(self, team: Team = SESSION) -> None:
        """Revokes the app's tokens in a workspace; it stays installed."""
        installed = self._installed(team)
        self.state.installations.revoke(installed)
        await self.accounts.revoked(installed)

    def link(self, message: Payload) -> str:
        return permalink(self.state.channels[message["channel"]], message["ts"])


def _entities(channel: Channel | None) -> Payload:
    if channel is None:
        return {}
    return {"entities": [{"type": "slack#/types/channel_id", "value": channel.id, "team_id": channel.team.id}]}


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
