"""The stand-in's workspaces, people and channels, and what people do and apps call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Payload = dict[str, Any]

APP = "A0TUNESMITH"
CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "1010.2020", "client-secret-of-the-stand-in", "signing-secret-of-the-stand-in"
BOT_TOKEN, APP_TOKEN = "xoxb-1-stand-in", "xapp-1-A0TUNESMITH-stand-in"
VERIFICATION_TOKEN = "verification-token"  # Slack still sends it; apps must not trust it
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Enterprise:
    """An organisation with several workspaces. An app is installed in all of them at once."""

    id: str
    name: str

    @property
    def bot_user(self) -> str:
        return f"U0BOT{self.id[2:]}"


@dataclass(frozen=True)
class Team:
    """A workspace."""

    id: str
    name: str
    domain: str
    enterprise: Enterprise | None = None

    @property
    def bot_user(self) -> str:
        return self.enterprise.bot_user if self.enterprise else f"U0BOT{self.id[2:]}"

    @property
    def bot_id(self) -> str:
        return f"B{self.bot_user[2:]}"

    @property
    def payload(self) -> Payload:
        org = {"enterprise_id": self.enterprise.id, "enterprise_name": self.enterprise.name} if self.enterprise else {}
        return {"id": self.id, "domain": self.domain, **org}


SESSION = Team("T0SESSION", "Session", "session")
HARBOUR = Team("T0HARBOUR", "Harbour", "harbour")
FEDERATION = Enterprise("E0FEDERATION", "Federation")
NORTH = Team("T0NORTH00", "North", "north", FEDERATION)
SOUTH = Team("T0SOUTH00", "South", "south", FEDERATION)
TEAMS = {team.id: team for team in (SESSION, HARBOUR, NORTH, SOUTH)}


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    team: Team = SESSION
    locale: str = "en-US"
    admin: bool = False
    owner: bool = False
    guest: bool = False
    deactivated: bool = False

    @property
    def payload(self) -> Payload:
        """`user` of an interaction."""
        return {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team.id}

    def info(self, *, locale: bool, seen_by: Team) -> Payload:
        """`user` of users.info."""
        at_home = self.team == seen_by or (self.team.enterprise is not None and self.team.enterprise == seen_by.enterprise)
        stranger = {} if at_home else {"is_stranger": True}
        return {
            "id": self.id, "team_id": self.team.id, "name": self.name, "deleted": self.deactivated, "color": "9f69e7",
            "real_name": self.name.capitalize(), "tz": "Europe/Dublin", "tz_label": "Irish Time", "tz_offset": 0,
            "profile": {"real_name": self.name.capitalize(), "display_name": self.name, "team": self.team.id},
            "is_admin": self.admin or self.owner, "is_owner": self.owner, "is_primary_owner": False, "is_restricted": self.guest,
            "is_ultra_restricted": False, "is_bot": False, "is_app_user": False, "updated": 1_700_000_000,
            "is_email_confirmed": True,
            "who_can_share_contact_card": "EVERYONE", **({"locale": self.locale} if locale else {}), **stranger,
        }  # fmt: skip


FIDDLER = Person("U0FIDDLER", "fiddler", admin=True)
PIPER = Person("U0PIPER00", "piper", locale="de-DE")
OWNER = Person("U0OWNER00", "owner", locale="fr-FR", admin=True, owner=True)
GUEST = Person("U0GUEST00", "guest", locale="es-ES", guest=True)
SAILOR = Person("U0SAILOR0", "sailor", HARBOUR, admin=True)
NORTHERNER = Person("W0NORTHER", "northerner", NORTH, admin=True)
SOUTHERNER = Person("W0SOUTHER", "southerner", SOUTH)
PEOPLE = {p.id: p for p in (FIDDLER, PIPER, OWNER, GUEST, SAILOR, NORTHERNER, SOUTHERNER)}

PUBLIC, PRIVATE_CHANNEL, IM, MPIM = "channel", "group", "im", "mpim"
KIND_SCOPES = {PUBLIC: "channels", PRIVATE_CHANNEL: "groups", IM: "im", MPIM: "mpim"}  # channels:read, groups:history ...


@dataclass
class Channel:
    """A channel or conversation. `bots` are the workspaces whose bot is a member; only the channel of FakeSlack changes."""

    id: str
    name: str
    team: Team = SESSION
    kind: str = PUBLIC
    bots: frozenset[str] = frozenset({SESSION.id})
    person: Person | None = None  # whose direct messages with the bot these are
    shared_with: tuple[Team, ...] = ()  # Slack Connect
    archived: bool = False
    read_only: bool = False  # the app may not post there

    @property
    def shown_name(self) -> str:
        """`channel_name` of commands and actions, which hides the names of private channels."""
        return {PUBLIC: self.name, PRIVATE_CHANNEL: "privategroup", IM: "directmessage"}.get(self.kind, f"mpdm-{self.name}-1")

    def info(self, member: bool) -> Payload:
        """`channel` of conversations.info."""
        common: Payload = {"id": self.id, "created": 1_700_000_000, "is_archived": self.archived, "context_team_id": self.team.id}
        if self.kind == IM:
            person = self.person.id if self.person else ""
            return {**common, "is_im": True, "user": person, "is_user_deleted": False, "is_org_shared": False, "priority": 0}
        kinds = {"is_channel": self.kind == PUBLIC, "is_group": self.kind == PRIVATE_CHANNEL, "is_im": False}
        kinds |= {"is_mpim": self.kind == MPIM, "is_private": self.kind != PUBLIC}
        shared = {"is_shared": bool(self.shared_with), "is_ext_shared": bool(self.shared_with), "is_org_shared": False}
        names = {"name": self.name, "name_normalized": self.name, "is_general": False, "creator": FIDDLER.id, "is_member": member}
        return {**common, **kinds, **shared, **names, "topic": {"value": ""}, "purpose": {"value": ""}}


def _direct(person: Person) -> Channel:
    return Channel(f"D0{person.id[2:]}", "", person.team, IM, frozenset({person.team.id}), person)


TUNES = Channel("C0TUNES00", "tunes")
SHOWCASE = Channel("C0SHOWCAS", "shared-tunes")
LOBBY = Channel("C0LOBBY00", "lobby", bots=frozenset())  # public, the bot is not a member
COMMITTEE = Channel("C0COMMITT", "committee", kind=PRIVATE_CHANNEL)
HIDDEN = Channel("C0HIDDEN0", "hidden", kind=PRIVATE_CHANNEL, bots=frozenset())  # private, the bot is not a member
ATTIC = Channel("C0ATTIC00", "attic", archived=True)
NEWS = Channel("C0NEWS000", "news", read_only=True)
GROUP = Channel("G0BAND000", "fiddler--piper--tunesmith", kind=MPIM)
CONNECT = Channel("C0CONNECT", "two-workspaces", shared_with=(HARBOUR,))
QUAY = Channel("C0QUAY000", "quay", HARBOUR, bots=frozenset({HARBOUR.id}))
CAIRN = Channel("C0CAIRN00", "cairn", NORTH, bots=frozenset({NORTH.id}))
BEACH = Channel("C0BEACH00", "beach", SOUTH, bots=frozenset({SOUTH.id}))
DIRECT_OF = {person.id: _direct(person) for person in PEOPLE.values()}
DIRECT = DIRECT_OF[FIDDLER.id]
CHANNELS = {
    channel.id: channel
    for channel in (
        TUNES,
        SHOWCASE,
        LOBBY,
        COMMITTEE,
        HIDDEN,
        ATTIC,
        NEWS,
        GROUP,
        CONNECT,
        QUAY,
        CAIRN,
        BEACH,
        *DIRECT_OF.values(),
    )
}


class Upload(NamedTuple):
    """A file that a person attaches to a message."""

    name: str
    content: bytes


@dataclass
class Call:
    """A call of a method of the web API, as it arrived; also `upload` (of bytes) and `respond` (to a response_url)."""

    method: str
    arguments: Payload
    token: str = ""
    error: str = ""  # empty while it is handled, and if it succeeded


@dataclass
class Fault:
    """A failure for the next calls that match the pattern."""

    pattern: str
    error: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False  # carry out the call and lose only the answer
    release: asyncio.Event | None = None  # wait for it before the call is handled, or answered


class Refused(Exception):
    """An error of the web API. `breach`: no correct app causes it, unlike `not_in_channel` and the like."""

    def __init__(self, error: str, *messages: str, breach: bool = False, status: int = 200, retry_s: float = 0, **fields: Any):
        self.error, self.messages, self.breach, self.status, self.retry_s = error, messages, breach, status, retry_s
        self.fields = fields
        super().__init__(f"{error} {' '.join(messages)}")


@dataclass
class Sent:
    """Something that the stand-in sent to the app: an event, a command, an action or a form."""

    kind: str  # events_api, slash_commands, interactive
    payload: Payload
    person: Person | None = None
    channel: Channel | None = None
    attempts: int = 0
    acked: bool = False
    ack: Payload = field(default_factory=dict)  # what the acknowledgement says
    ack_s: float = 0.0  # real seconds from sending until the acknowledgement
    failed: str = ""  # why the person sees an error
    settled: asyncio.Event = field(default_factory=asyncio.Event)  # acknowledged or failed

    @property
    def trigger_id(self) -> str:
        return str(self.payload["trigger_id"])

    @property
    def response_url(self) -> str:
        return str(self.payload["response_url"])

    @property
    def event(self) -> Payload:
        found: Payload = self.payload["event"]
        return found
