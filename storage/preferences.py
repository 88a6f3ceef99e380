"""What people and servers have set: a person's defaults for their wishes, a server's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast, get_args

from sqlalchemy import Table, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from generator.request import PARAMETERS, RequestError, instrument_named
from generator.user_messages import LANGUAGES, OneOf, UserError, UserMessage
from storage import tables
from storage.database import Database
from storage.viewer import Viewer

Deleters = Literal["owner", "moderators", "everyone"]
DELETERS: tuple[Deleters, ...] = get_args(Deleters)
MAX_CHANNELS = 100
MAX_COOLDOWN_S = 24 * 60 * 60
MAX_OPEN_REQUESTS = 100
_CHANNEL = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a person leaves open in a wish is taken from here; None leaves it open still. Values are a TuneRequest's."""

    rhythm: str | None = None
    key: str | None = None
    temperature: float | None = None
    tempo: float | None = None
    structure: str | None = None
    candidates: int | None = None
    instrument: str | None = None
    backing: bool | None = None
    model: str | None = None
    language: str | None = None  # in which the bot answers, one of LANGUAGES; no part of a wish

    def filled_into(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, for TuneRequest.check, with the defaults where nothing was.

        An opening brings its own rhythm and key, a metre its own rhythms: beside them these defaults would only contradict.
        """
        said = {name: value for name, value in typed.items() if value is not None and value != ""}
        silent = {"language"} | ({"rhythm", "key"} if "opening" in said else {"rhythm"} if "metre" in said else set())
        kept = {name: value for name, value in asdict(self).items() if value is not None and name not in silent}
        return kept | said


@dataclass(frozen=True, slots=True)
class CommunitySettings:
    channels: tuple[str, ...] = ()  # ids of those in which tunes may be asked for; all where there are none
    cooldown_s: int = 0  # between two requests of a person
    open_requests: int | None = None  # unfinished tunes a person may have; None leaves it to whoever hosts the bot
    deleters: Deleters = "moderators"  # who may delete a tune beside its owner; "owner": nobody
    instrument: str = ""  # of tunes whose wish leaves it open
    sharing_channel: str = ""  # where shared tunes are posted; nowhere if empty
    language: str = ""  # of those who chose none themselves; their own Discord's if empty


class Preferences:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def both(self, of: Viewer) -> tuple[Defaults, CommunitySettings]:
        """The person's defaults and the settings of their server, at once."""
        mine, theirs = tables.defaults, tables.community_settings
        personal = select(mine.c.document).where(mine.c.platform == of.platform, mine.c.user_id == of.user_id).scalar_subquery()
        common = (
            select(theirs.c.document)
            .where(theirs.c.platform == of.platform, theirs.c.community_id == of.community_id)
            .scalar_subquery()
        )
        async with self._database.engine.connect() as connection:
            documents = (await connection.execute(select(personal, common))).one()
        return _defaults(documents[0] or {}), _community_settings(documents[1] or {})

    async def defaults(self, of: Viewer) -> Defaults:
        """The person's defaults; what an older version kept and this one does not know is left out."""
        return _defaults(await self._read(tables.defaults, of.platform, of.user_id))

    async def change_defaults(self, of: Viewer, **changes: Any) -> Defaults:
        """Sets the fields of Defaults that are named, None or "" for none, and leaves the others; all of them as they are then.

        Raises RequestError with the sentence to show, ValueError for an unknown person.
        """
        of.known()
        checked = {name: _default(name, value) for name, value in changes.items()}
        return _defaults(await self._merge(tables.defaults, of.platform, of.user_id, checked))

    async def forget_defaults(self, of: Viewer) -> None:
        table = tables.defaults
        async with self._database.engine.begin() as connection:
            await connection.execute(delete(table).where(table.c.platform == of.platform, table.c.user_id == of.user_id))

    async def community(self, of: Viewer) -> CommunitySettings:
        """The settings of the viewer's server; all as usual where nobody set any, or where there is no server."""
        return _community_settings(await self._read(tables.community_settings, of.platform, of.community_id))

    async def change_community(self, of: Viewer, **changes: Any) -> CommunitySettings:
        """Sets the fields of CommunitySettings that are named, None for the usual, and leaves the others, also when two people
        change them at once; all of them as they are then. Whether the viewer may is for the caller to know.

        Raises RequestError with the sentence to show, ValueError where there is no server.
        """
        if not of.platform or not of.community_id:
            raise UserError(UserMessage("Settings belong to a server; use this command in one."))
        checked = {name: _setting(name, value) for name, value in changes.items()}
        return _community_settings(await self._merge(tables.community_settings, of.platform, of.community_id, checked))

    async def _read(self, table: Table, platform: str, whose: str) -> dict[str, Any]:
        _, of, document = table.c
        async with self._database.engine.connect() as connection:
            found = await connection.execute(select(document).where(table.c.platform == platform, of == whose))
            return found.scalar_one_or_none() or {}

    async def _merge(self, table: Table, platform: str, whose: str, changes: dict[str, Any]) -> dict[str, Any]:
        _, of, document = table.c
        changed = literal(changes, JSONB)  # merged by PostgreSQL: whoever changes another field at once changes only that
        values = {"platform": platform, of.name: whose, "document": func.jsonb_strip_nulls(changed)}
        merged = func.jsonb_strip_nulls(document.concat(changed))
        kept = insert(table).values(values).on_conflict_do_update(constraint=table.primary_key, set_={"document": merged})
        async with self._database.engine.begin() as connection:
            return cast(dict[str, Any], (await connection.execute(kept.returning(document))).scalar_one())


def _defaults(kept: dict[str, Any]) -> Defaults:
    return Defaults(**_readable(kept, {field.name for field in fields(Defaults)}, _default))


def _community_settings(kept: dict[str, Any]) -> CommunitySettings:
    return CommunitySettings(**_readable(kept, {field.name for field in fields(CommunitySettings)}, _setting))


def _readable(kept: dict[str, Any], known: set[str], check: Any) -> dict[str, Any]:
    values = {}
    for name in kept.keys() & known:
        try:
            values[name] = check(name, kept[name])
        except RequestError:
            continue  # a version that allowed it has kept it
    return {name: value for name, value in values.items() if value is not None}


def _default(name: str, value: object) -> Any:
    """The value as TuneRequest writes it, None for none; raises RequestError."""
    parameter = PARAMETERS.get(name)
    if name != "language" and not (parameter and parameter.personal):
        raise RequestError(name, UserMessage("There is no default for “{text}”.", text=name[:40]))
    if value is None or value == "":
        return None
    kind = parameter.kind if parameter else str
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise RequestError(name, UserMessage("The default for “{text}” cannot be read; please choose it again.", text=name))
    if parameter is None:
        return _language(value)
    checked = parameter.check(value)
    return None if checked == "" else checked


def _setting(name: str, value: object) -> Any:
    """The value as CommunitySettings has it, None for the usual; raises RequestError."""
    match name:
        case _ if value is None:
            return None
        case "channels":
            if not isinstance(value, list | tuple) or len(value) > MAX_CHANNELS or not all(map(_is_channel, value)):
                raise RequestError(name, UserMessage("The channels cannot be read; choose {most} at most.", most=MAX_CHANNELS))
            return tuple(dict.fromkeys(value))
        case "cooldown_s":
            if type(value) is not int or not 0 <= value <= MAX_COOLDOWN_S:
                raise RequestError(name, UserMessage("The cooldown goes from 0 to {most:,} seconds.", most=MAX_COOLDOWN_S))
        case "open_requests":
            if type(value) is not int or not 1 <= value <= MAX_OPEN_REQUESTS:
                raise RequestError(
                    name, UserMessage("A person may have from 1 to {most} unfinished tunes.", most=MAX_OPEN_REQUESTS)
                )
        case "deleters":
            if value not in DELETERS:
                raise RequestError(name, UserMessage("Tunes can be deleted by {names}.", names=OneOf(DELETERS)))
        case "instrument":
            if not isinstance(value, str):
                raise RequestError(name, UserMessage("The instrument cannot be read; please choose it again."))
            return instrument_named(value)
        case "language":
            return _language(value)
        case "sharing_channel":
            if value != "" and not _is_channel(value):
                raise RequestError(name, UserMessage("The sharing channel cannot be read; please choose it again."))
        case _:
            raise RequestError(name, UserMessage("There is no setting “{text}”.", text=name[:40]))
    return value


def _language(value: object) -> object:
    if value != "" and value not in LANGUAGES:
        raise RequestError("language", UserMessage("I don't speak this language; please choose another."))
    return value


def _is_channel(value: object) -> bool:
    return isinstance(value, str) and _CHANNEL.fullmatch(value) is not None
