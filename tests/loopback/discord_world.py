"""The stand-in's world: the application, its people, the places where they meet, what passes between them, as payloads."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

APPLICATION = "100"
TOKEN = "MTAw.stand-in.token"
EVERYTHING = str((1 << 53) - 1)
# Without what moderators may: kick, ban, administrate, manage channels, the server, messages, roles, threads.
MEMBERS_OWN = str(int(EVERYTHING) & ~sum(1 << bit for bit in (1, 2, 3, 4, 5, 13, 28, 34)))
MIB = 2**20
ADMINISTRATOR, VIEW_CHANNEL, SEND_MESSAGES = 1 << 3, 1 << 10, 1 << 11

_DISCORD_EPOCH_MS = 1_420_070_400_000
_LONG_AGO = "2024-01-01T00:00:00+00:00"
_counter = itertools.count()


def snowflake() -> str:
    """An id as Discord makes them: the time in it is what discord.py reads an interaction's age from."""
    return str((int(time.time() * 1000) - _DISCORD_EPOCH_MS << 22) + next(_counter) % (1 << 22))


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    accepts_direct_messages: bool = True
    locale: str = "en-US"  # what their Discord is set to
    moderates: bool = False  # in servers

    @property
    def payload(self) -> Payload:
        return _user(self.id, self.name)


@dataclass(frozen=True)
class Place:
    """A channel as the bot meets it. `refusal` is the error code that every attempt to post there gets, 0 for none."""

    id: str
    name: str
    server: str = ""  # guild id, empty in direct messages
    refusal: int = 0
    hidden: bool = False  # the bot cannot read it either
    private: bool = False  # between people, the bot only reaches it by its commands
    person: str = ""  # whose direct messages with the bot these are
    parent: str = ""  # of a thread: the channel that it belongs to
    owner: str = ""  # of a thread: whoever made it
    threads: bool = True  # whether the bot may make threads here
    history: bool = True  # whether the bot may read what was written before, and so reply
    file_bytes: int = 10 * MIB  # a file's limit

    @property
    def member(self) -> bool:
        """Whether the application is installed here, rather than brought along by the person who uses it."""
        return not self.private and self.server != ELSEWHERE_SERVER

    @property
    def context(self) -> int:
        return 0 if self.server else 2 if self.private else 1

    @property
    def payload(self) -> Payload:
        if not self.server:
            recipient = PEOPLE[self.person or PIPER.id]
            return {"id": self.id, "type": 1, "recipients": [recipient.payload], "last_message_id": None, "flags": 0}
        if self.parent:
            metadata = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": _LONG_AGO, "locked": False}
            return {
                "id": self.id, "type": 11, "name": self.name, "guild_id": self.server, "parent_id": self.parent,
                "owner_id": self.owner, "last_message_id": None, "message_count": 0, "member_count": 1,
                "rate_limit_per_user": 0, "thread_metadata": metadata, "flags": 0,
            }  # fmt: skip
        denied = {50013: SEND_MESSAGES, 50001: VIEW_CHANNEL}.get(self.refusal, 0)
        overwrites = [{"id": self.server, "type": 0, "allow": "0", "deny": str(denied)}]
        return {
            "id": self.id, "type": 0, "name": self.name, "position": 0, "permission_overwrites": overwrites,
            "guild_id": self.server, "nsfw": False,
            "parent_id": None, "topic": None, "last_message_id": None, "rate_limit_per_user": 0,
        }  # fmt: skip


FIDDLER, PIPER = Person("400", "fiddler", moderates=True), Person("401", "piper")
HERMIT = Person("402", "hermit", accepts_direct_messages=False)
PEOPLE = {person.id: person for person in (FIDDLER, PIPER, HERMIT)}

SERVER, ELSEWHERE_SERVER = "200", "201"
TUNES = Place("300", "tunes", SERVER)
SHOWCASE = Place("303", "shared-tunes", SERVER)
SILENT = Place("301", "read-only", SERVER, refusal=50013)  # Missing Permissions
HIDDEN = Place("302", "committee", SERVER, refusal=50001, hidden=True)  # Missing Access
NO_THREADS = Place("303", "no-threads", SERVER, threads=False)
NO_HISTORY = Place("304", "no-history", SERVER, history=False)
SILENT_THREADS = Place("305", "threads-are-read-only", SERVER)
THREAD = Place("306", "a thread of somebody's", SERVER, parent="300", owner=FIDDLER.id)
SILENT_THREAD = Place("307", "a thread in which the bot may not write", SERVER, refusal=50013, parent="305", owner=FIDDLER.id)
ELSEWHERE = Place("310", "somebody-elses", ELSEWHERE_SERVER, refusal=50001, hidden=True)
PRIVATE = Place("311", "direct messages between people", refusal=50001, hidden=True, private=True)
DIRECT_OF = {
    person.id: Place(f"32{person.id[-1]}", f"direct messages with {person.name}", person=person.id,
                     refusal=0 if person.accepts_direct_messages else 50007)
    for person in PEOPLE.values()
}  # fmt: skip
DIRECT = DIRECT_OF[FIDDLER.id]
_CHANNELS = (TUNES, SHOWCASE, SILENT, HIDDEN, NO_THREADS, NO_HISTORY, SILENT_THREADS, THREAD, SILENT_THREAD, ELSEWHERE, PRIVATE)
PLACES = {place.id: place for place in (*_CHANNELS, *DIRECT_OF.values())}
REFUSALS = {50001: "Missing Access", 50007: "Cannot send messages to this user", 50013: "Missing Permissions"}


@dataclass(frozen=True)
class Upload:
    """A file that a person attaches, to a message or to a command's option."""

    name: str
    content: bytes


@dataclass
class Interaction:
    """What a person did with the bot, and what the bot answered."""

    id: str
    token: str
    kind: int
    place: Place
    person: Person
    at: float  # on the stand-in's clock
    payload: Payload  # of its event
    callback: int | None = None  # type of the first answer
    answered_after_s: float = 0.0
    data: Payload = field(default_factory=dict)  # of the first answer
    original: str | None = None  # message id of the response (for a click that updates: of the message clicked)
    followups: list[str] = field(default_factory=list)


@dataclass
class Fault:
    pattern: str
    status: int
    body: Payload
    times: int = 1
    after: bool = False  # the call has its effect, and only the answer is lost
    delay_s: float = 0.0  # before the call is looked at


@dataclass
class Sent:
    """A payload that the bot sent, as it arrived."""

    call: str  # "POST /channels/300/messages"
    data: Payload


def _user(id: str, name: str, bot: bool = False) -> Payload:
    return {"id": id, "username": name, "discriminator": "0", "global_name": name, "avatar": None, "bot": bot}


BOT = _user(APPLICATION, "Tunesmith", bot=True)
MEMBER: Payload = {
    "roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0, "permissions": EVERYTHING,
}  # fmt: skip
APPLICATION_PAYLOAD: Payload = {
    "id": APPLICATION, "name": "Tunesmith", "icon": None, "description": "", "bot_public": True, "bot_require_code_grant": False,
    "summary": "", "verify_key": "0" * 64, "flags": 0, "owner": FIDDLER.payload, "team": None,
}  # fmt: skip


def guild(made: Iterable[Place] = ()) -> Payload:
    """GUILD_CREATE of the one server that the bot is a member of; `made` are the threads that it has come to."""
    here = [place for place in (*PLACES.values(), *made) if place.server == SERVER]
    everyone = {
        "id": SERVER, "name": "@everyone", "color": 0, "hoist": False, "position": 0,
        "permissions": str(int(EVERYTHING) & ~ADMINISTRATOR),  # what a channel denies to all it denies to the bot
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "managed": False, "mentionable": False, "flags": 0,
    }  # fmt: skip
    people = [BOT, *(person.payload for person in PEOPLE.values())]
    return {
        "id": SERVER, "name": "Session", "owner_id": FIDDLER.id, "member_count": len(people), "large": False,
        "unavailable": False,
        "roles": [everyone], "channels": [place.payload for place in here if not place.parent],
        "threads": [place.payload for place in here if place.parent],
        "emojis": [], "stickers": [], "features": [], "preferred_locale": "en-US", "presences": [], "voice_states": [],
        "members": [{**MEMBER, "user": user} for user in people],
        "premium_tier": 0, "afk_timeout": 0, "verification_level": 0, "nsfw_level": 0, "mfa_level": 0,
    }  # fmt: skip


def permissions_of(person: Person) -> str:
    return EVERYTHING if person.moderates else MEMBERS_OWN


def message(place: Place, author: Payload, data: Payload, **extra: Any) -> Payload:
    """A message as the API gives it back; `_files` of `data` are its new attachments."""
    return {
        "id": snowflake(), "channel_id": place.id, **({"guild_id": place.server} if place.server else {}), "author": author,
        "content": data.get("content") or "", "timestamp": datetime.now(UTC).isoformat(), "edited_timestamp": None, "tts": False,
        "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": data.get("_files", []),
        "embeds": data.get("embeds") or [], "pinned": False, "type": 0, "flags": data.get("flags", 0),
        "components": data.get("components") or [], **extra,
    }  # fmt: skip


def readable(message: Payload, *, intent: bool) -> Payload:
    """The message as the gateway shows it to the bot: without its content where that is none of the bot's business."""
    own = message["author"]["id"] == APPLICATION
    if intent or own or "guild_id" not in message or any(user["id"] == APPLICATION for user in message["mentions"]):
        return message
    return message | {"content": "", "attachments": [], "embeds": [], "components": []}


def interaction(kind: int, data: Payload, place: Place, person: Person, token: str, message: Payload | None) -> Payload:
    """INTERACTION_CREATE as the gateway sends it."""
    may = permissions_of(person)
    who = {"member": {**MEMBER, "user": person.payload, "permissions": may}} if place.server else {"user": person.payload}
    where: Payload = (
        {"guild_id": place.server, "guild": {"id": place.server, "features": [], "locale": "en-US"}} if place.server else {}
    )
    return {
        "id": snowflake(), "application_id": APPLICATION, "type": kind, "data": data, "token": token, "version": 1,
        "channel": place.payload, "channel_id": place.id, "app_permissions": EVERYTHING,
        "locale": person.locale, "guild_locale": "en-US", "entitlements": [],
        "context": place.context, "attachment_size_limit": place.file_bytes,
        "authorizing_integration_owners": {"0": place.server or "0"} if place.member else {"1": person.id},
        **who, **where, **({"message": message} if message else {}),
    }  # fmt: skip
