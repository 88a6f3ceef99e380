"""The data of the stand-in: the application, people, channels, messages and interactions, as payloads of the API."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

APPLICATION = "100"
TOKEN = "MTAw.stand-in.token"
MODERATORS = "150"  # a role
EVERYTHING = (1 << 53) - 1
MIB = 2**20
# Permissions
ADMINISTRATOR, MANAGE_MESSAGES = 1 << 3, 1 << 13
VIEW_CHANNEL, SEND_MESSAGES, EMBED_LINKS, ATTACH_FILES, READ_MESSAGE_HISTORY = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 16
MANAGE_THREADS, CREATE_PUBLIC_THREADS, SEND_MESSAGES_IN_THREADS, USE_EXTERNAL_APPS = 1 << 34, 1 << 35, 1 << 38, 1 << 50
# A member's permissions: all but those of moderators, which are kick, ban, administrator, and manage channels, server, messages,
# roles, threads.
MEMBERS_OWN = EVERYTHING & ~sum(1 << bit for bit in (1, 2, 3, 4, 5, 13, 28, 34))
# The bot's permissions: what its invitation asks for, and what everybody has.
GRANTED = 274878286848 | CREATE_PUBLIC_THREADS | USE_EXTERNAL_APPS
# Kinds of channels
TEXT, DM, VOICE, GROUP_DM, PUBLIC_THREAD, FORUM = 0, 1, 2, 3, 11, 15

_DISCORD_EPOCH_MS = 1_420_070_400_000
_LONG_AGO = "2024-01-01T00:00:00+00:00"
_counter = itertools.count()


def snowflake() -> str:
    """An id as Discord makes them. It contains the time, from which discord.py reads the age of an interaction."""
    return str((int(time.time() * 1000) - _DISCORD_EPOCH_MS << 22) + next(_counter) % (1 << 22))


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    accepts_direct_messages: bool = True
    locale: str = "en-US"  # the language of their Discord client
    moderates: bool = False  # has all permissions in servers
    moderates_in: str = ""  # the id of a channel in which they may manage messages

    @property
    def payload(self) -> Payload:
        return _user(self.id, self.name)


@dataclass(frozen=True)
class Channel:
    """A channel, thread or conversation. `permissions` are the bot's, none if it is not a member."""

    id: str
    name: str
    server: str = ""  # guild id, empty in direct messages
    permissions: int = GRANTED
    kind: int = TEXT
    parent: str = ""  # id of the channel of a thread, or of the forum of a post
    closed: bool = False  # direct messages with a person who accepts none
    private: bool = False  # between people; the bot is only reached by commands
    person: str = ""  # id of the person whose direct messages with the bot these are
    owner: str = ""  # id of the creator of a thread
    file_bytes: int = 10 * MIB  # limit per file

    @property
    def member(self) -> bool:
        """Whether the bot is installed here, and not only by the person who uses it."""
        return not self.private and self.server != ELSEWHERE_SERVER

    @property
    def context(self) -> int:
        return 0 if self.server else 2 if self.private else 1

    @property
    def payload(self) -> Payload:
        common: Payload = {"id": self.id, "type": self.kind, "last_message_id": None, "flags": 0}
        if not self.server:
            recipient = PEOPLE[self.person or PIPER.id]
            group = {"name": self.name, "icon": None, "owner_id": PIPER.id} if self.kind == GROUP_DM else {}
            return {**common, "type": self.kind or DM, "recipients": [recipient.payload], **group}
        common |= {"name": self.name, "guild_id": self.server, "parent_id": self.parent or None, "rate_limit_per_user": 0}
        if self.kind == PUBLIC_THREAD:
            times = {"archive_timestamp": "2024-01-01T00:00:00+00:00", "auto_archive_duration": 1440}
            metadata = {**times, "archived": False, "locked": False}
            owner = self.owner or FIDDLER.id
            return {**common, "owner_id": owner, "message_count": 1, "member_count": 1, "thread_metadata": metadata}
        voice = {"bitrate": 64_000, "user_limit": 0, "rtc_region": None} if self.kind == VOICE else {}
        overwrites = [{"id": self.server, "type": 0, "allow": "0", "deny": str(GRANTED & ~self.permissions)}]
        wardens = [person for person in PEOPLE.values() if person.moderates_in == self.id]
        overwrites += [{"id": person.id, "type": 1, "allow": str(MANAGE_MESSAGES), "deny": "0"} for person in wardens]
        return {**common, "position": 0, "permission_overwrites": overwrites, "nsfw": False, "topic": None, **voice}


FIDDLER, PIPER = Person("400", "fiddler", moderates=True), Person("401", "piper")
HERMIT = Person("402", "hermit", accepts_direct_messages=False)
WARDEN = Person("403", "warden", moderates_in="303")
PEOPLE = {person.id: person for person in (FIDDLER, PIPER, HERMIT, WARDEN)}

SERVER, ELSEWHERE_SERVER = "200", "201"
TUNES = Channel("300", "tunes", SERVER)
SHOWCASE = Channel("303", "shared-tunes", SERVER)
SILENT = Channel("301", "read-only", SERVER, GRANTED & ~SEND_MESSAGES)
HIDDEN = Channel("302", "committee", SERVER, GRANTED & ~VIEW_CHANNEL)
NO_THREADS = Channel("315", "no-threads", SERVER, GRANTED & ~CREATE_PUBLIC_THREADS)
NO_HISTORY = Channel("304", "no-history", SERVER, GRANTED & ~READ_MESSAGE_HISTORY)
SILENT_THREADS = Channel("305", "threads-are-read-only", SERVER, GRANTED & ~SEND_MESSAGES_IN_THREADS)
THREAD = Channel("306", "somebody's thread", SERVER, kind=PUBLIC_THREAD, parent=TUNES.id)
SILENT_THREAD = Channel(
    "307",
    "a read-only thread",
    SERVER,
    GRANTED & ~SEND_MESSAGES_IN_THREADS,
    kind=PUBLIC_THREAD,
    parent="305",
)
WORKSHOP = Channel("308", "workshop", SERVER, kind=PUBLIC_THREAD, parent=TUNES.id)
LOUNGE = Channel("309", "lounge", SERVER, kind=VOICE)
QUESTIONS = Channel("313", "questions", SERVER, kind=FORUM)
QUESTION = Channel("314", "which-reel", SERVER, kind=PUBLIC_THREAD, parent=QUESTIONS.id)
ELSEWHERE = Channel("310", "somebody-elses", ELSEWHERE_SERVER, USE_EXTERNAL_APPS)
PRIVATE = Channel("311", "direct messages between people", permissions=0, private=True)
GROUP = Channel("312", "the band", permissions=0, kind=GROUP_DM, private=True)
DIRECT_OF = {
    person.id: Channel(f"32{person.id[-1]}", f"direct messages with {person.name}", person=person.id,
                     closed=not person.accepts_direct_messages)
    for person in PEOPLE.values()
}  # fmt: skip
DIRECT = DIRECT_OF[FIDDLER.id]
SERVER_CHANNELS = (
    TUNES, SHOWCASE, SILENT, HIDDEN, NO_THREADS, NO_HISTORY, SILENT_THREADS, THREAD, SILENT_THREAD, WORKSHOP, LOUNGE, QUESTIONS,
    QUESTION,
)  # fmt: skip
CHANNELS = {channel.id: channel for channel in (*SERVER_CHANNELS, ELSEWHERE, PRIVATE, GROUP, *DIRECT_OF.values())}


@dataclass(frozen=True)
class Upload:
    """A file that a person attaches, to a message or to a command's option."""

    name: str
    content: bytes


@dataclass
class Interaction:
    """Something that a person did with the bot, and the bot's answers."""

    id: str
    token: str
    kind: int
    channel: Channel
    person: Person
    created_s: float  # on the clock of `pass_time`
    payload: Payload  # of the event
    callback: int | None = None  # type of the first answer
    answered_after_s: float = 0.0  # in real time; only benchmarks use it, since tests must not depend on the speed of the machine
    data: Payload = field(default_factory=dict)  # of the first answer
    original: str | None = None  # id of the response; for a click that updates its message, the id of that message
    followups: list[str] = field(default_factory=list)
    clock_s: float = field(default_factory=time.monotonic)


@dataclass
class Fault:
    """A failure for the next calls that match the pattern."""

    pattern: str
    status: int
    body: Payload
    times: int = 1
    after: bool = False  # carry out the call and lose only the answer
    release: asyncio.Event | None = None  # wait for it before the call is handled, or answered
    by_discord: bool = True  # not by the proxy before it, which bans addresses


@dataclass
class Sent:
    """A payload that the bot sent, as it arrived."""

    call: str  # "POST /channels/300/messages"
    data: Payload


def _user(id: str, name: str, bot: bool = False) -> Payload:
    return {"id": id, "username": name, "discriminator": "0", "global_name": name, "avatar": None, "bot": bot}


BOT = _user(APPLICATION, "Tunesmith", bot=True)
MEMBER: Payload = {
    "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0,
    "permissions": str(EVERYTHING),
}  # fmt: skip
APPLICATION_PAYLOAD: Payload = {
    "id": APPLICATION, "name": "Tunesmith", "icon": None, "description": "", "bot_public": True, "bot_require_code_grant": False,
    "summary": "", "verify_key": "0" * 64, "flags": 0, "owner": FIDDLER.payload, "team": None,
}  # fmt: skip


def guild(made: Iterable[Channel], last_messages: dict[str, str], server: str = SERVER) -> Payload:
    """GUILD_CREATE of a server that has the bot; only SERVER has channels from the start.

    `made` are threads that were created since the start, `last_messages` the id of each channel's last message.
    """
    everyone = {
        "id": server, "name": "@everyone", "color": 0, "hoist": False, "position": 0,
        "permissions": str(MEMBERS_OWN),  # a channel denies permissions to @everyone, and so to the bot
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "managed": False, "mentionable": False, "flags": 0,
    }  # fmt: skip
    moderators = everyone | {"id": MODERATORS, "name": "moderators", "permissions": str(EVERYTHING & ~ADMINISTRATOR)}
    people = [BOT, *(person.payload for person in PEOPLE.values())]
    every = [channel.payload | {"last_message_id": last_messages.get(channel.id)} for channel in (*SERVER_CHANNELS, *made)]
    every = [channel for channel in every if channel["guild_id"] == server]
    channels = [channel for channel in every if channel["type"] != PUBLIC_THREAD]
    threads = [channel for channel in every if channel["type"] == PUBLIC_THREAD]
    return {
        "id": server, "name": "Session", "owner_id": FIDDLER.id, "member_count": len(people), "large": False,
        "unavailable": False,
        "roles": [everyone, moderators], "channels": channels, "threads": threads,
        "emojis": [], "stickers": [], "features": [], "preferred_locale": "en-US", "presences": [], "voice_states": [],
        "members": [{**MEMBER, "user": user} for user in people],  # their roles are in what they do
        "premium_tier": 0, "afk_timeout": 0, "verification_level": 0, "nsfw_level": 0, "mfa_level": 0,
    }  # fmt: skip


def permissions_of(person: Person, channel: Channel) -> str:
    own = MEMBERS_OWN | (MANAGE_MESSAGES if person.moderates_in == channel.id else 0)
    return str(EVERYTHING if person.moderates else own)


def message(channel: Channel, author: Payload, data: Payload, **extra: Any) -> Payload:
    """A message as the API returns it; `_files` in `data` are its new attachments."""
    return {
        "id": snowflake(), "channel_id": channel.id, **({"guild_id": channel.server} if channel.server else {}), "author": author,
        "content": data.get("content") or "", "timestamp": datetime.now(UTC).isoformat(), "edited_timestamp": None, "tts": False,
        "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": data.get("_files", []),
        "embeds": data.get("embeds") or [], "pinned": False, "type": 0, "flags": data.get("flags", 0),
        "components": data.get("components") or [], **extra,
    }  # fmt: skip


def readable(message: Payload, *, intent: bool) -> Payload:
    """The message as the gateway sends it to the bot. Without the intent, only messages that concern the bot have content."""
    own = message["author"]["id"] == APPLICATION
    if intent or own or "guild_id" not in message or any(user["id"] == APPLICATION for user in message["mentions"]):
        return message
    return message | {"content": "", "attachments": [], "embeds": [], "components": []}


def interaction(
    kind: int, data: Payload, channel: Channel, person: Person, token: str, message: Payload | None, permissions: int
) -> Payload:
    """INTERACTION_CREATE as the gateway sends it; `permissions` are the bot's."""
    may = permissions_of(person, channel)
    roles = [MODERATORS] if person.moderates else []
    who = (
        {"member": {**MEMBER, "user": person.payload, "permissions": may, "roles": roles}}
        if channel.server
        else {"user": person.payload}
    )
    where: Payload = (
        {"guild_id": channel.server, "guild": {"id": channel.server, "features": [], "locale": "en-US"}} if channel.server else {}
    )
    return {
        "id": snowflake(), "application_id": APPLICATION, "type": kind, "data": data, "token": token, "version": 1,
        "channel": channel.payload, "channel_id": channel.id, "app_permissions": str(permissions),
        "locale": person.locale, "guild_locale": "en-US", "entitlements": [],
        "context": channel.context, "attachment_size_limit": channel.file_bytes,
        "authorizing_integration_owners": {"0": channel.server or "0"} if channel.member else {"1": person.id},
        **who, **where, **({"message": message} if message else {}),
    }  # fmt: skip
