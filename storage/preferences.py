"""Preferences: a user's defaults for requests, and a community's settings."""

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
    """A user's values for parameters that a request doesn't set; None: not set. Values as in a TuneRequest."""

    rhythm: str | None = None
    key: str | None = None
    temperature: float | None = None
    tempo: float | None = None
    structure: str | None = None
    candidates: int | None = None
    instrument: str | None = None
    backing: bool | None = None
    times: int | None = None
    model: str | None = None
    language: str | None = None  # the bot's language for this user, one of LANGUAGES; not a parameter

    def filled_into(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Adds the defaults to typed values, for TuneRequest.check.

        An opening has its own rhythm and key, and a metre its own rhythms: beside them those defaults are left out, since they
        could contradict.
        """
        given = {name: value for name, value in typed.items() if value is not None and value != ""}
        skipped = {"language"} | ({"rhythm", "key"} if "opening" in given else {"rhythm"} if "metre" in given else set())
        defaults = {name: value for name, value in asdict(self).items() if value is not None and name not in skipped}
        return defaults | given


@dataclass(frozen=True, slots=True)
class CommunitySettings:
    """The rules and defaults of a community."""

    channels: tuple[str, ...] = ()  # ids of the channels where tunes can be requested; empty: all
    cooldown_s: int = 0  # between two requests of a user
    open_requests: int | None = None  # unfinished tunes a user may have; None: the operator's limit
    deleters: Deleters = "moderators"  # who may delete a tune besides its owner; "owner": nobody
    instrument: str = ""  # for requests without an instrument
    sharing_channel: str = ""  # where shared tunes are posted; empty: nowhere
    language: str = ""  # for users who chose none; empty: the language of their client


class Preferences:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def defaults_and_settings(self, viewer: Viewer) -> tuple[Defaults, CommunitySettings]:
        """The user's defaults and the community's settings, in one query."""
        defaults, settings = tables.defaults, tables.community_settings
        user_query = select(defaults.c.document).where(
            defaults.c.platform == viewer.platform, defaults.c.user_id == viewer.user_id
        )
        community_query = select(settings.c.document).where(
            settings.c.platform == viewer.platform, settings.c.community_id == viewer.community_id
        )
        query = select(user_query.scalar_subquery(), community_query.scalar_subquery())
        async with self._database.begin() as connection:
            documents = (await connection.execute(query)).one()
        return _defaults(documents[0] or {}), _community_settings(documents[1] or {})

    async def defaults(self, viewer: Viewer) -> Defaults:
        """The user's defaults. Values that this version doesn't know are ignored."""
        return _defaults(await self._read(tables.defaults, viewer.platform, viewer.user_id))

    async def change_defaults(self, viewer: Viewer, **changes: Any) -> Defaults:
        """Sets the given fields of Defaults (None or "": unset) and returns all defaults.

        Raises RequestError for an invalid value, UserError for an unknown user.
        """
        viewer.require_user()
        checked = {name: _default(name, value) for name, value in changes.items()}
        return _defaults(await self._merge(tables.defaults, viewer.platform, viewer.user_id, checked))

    async def delete_defaults(self, viewer: Viewer) -> None:
        table = tables.defaults
        async with self._database.begin() as connection:
            await connection.execute(delete(table).where(table.c.platform == viewer.platform, table.c.user_id == viewer.user_id))

    async def community(self, viewer: Viewer) -> CommunitySettings:
        """The settings of the viewer's community; the defaults if none are set or there is no community."""
        return _community_settings(await self._read(tables.community_settings, viewer.platform, viewer.community_id))

    async def change_community(self, viewer: Viewer, **changes: Any) -> CommunitySettings:
        """Sets the given fields of CommunitySettings (None: the default) and returns all settings.

        Two users can change different fields at the same time. The caller checks that the viewer may do this. Raises
        RequestError for an invalid value, UserError if there is no community.
        """
        if not viewer.platform or not viewer.community_id:
            raise UserError(UserMessage("Settings belong to a server. Please use this command in a server."))
        checked = {name: _setting(name, value) for name, value in changes.items()}
        return _community_settings(await self._merge(tables.community_settings, viewer.platform, viewer.community_id, checked))

    async def _read(self, table: Table, platform: str, row_id: str) -> dict[str, Any]:
        _, id_column, document = table.c
        async with self._database.begin() as connection:
            found = await connection.execute(select(document).where(table.c.platform == platform, id_column == row_id))
            return found.scalar_one_or_none() or {}

    async def _merge(self, table: Table, platform: str, row_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        _, id_column, document = table.c
        changed = literal(changes, JSONB)  # PostgreSQL merges them, so that concurrent changes of other fields are kept
        values = {"platform": platform, id_column.name: row_id, "document": func.jsonb_strip_nulls(changed)}
        merged = func.jsonb_strip_nulls(document.concat(changed))
        stored = insert(table).values(values).on_conflict_do_update(constraint=table.primary_key, set_={"document": merged})
        async with self._database.begin() as connection:
            return cast(dict[str, Any], (await connection.execute(stored.returning(document))).scalar_one())


def _defaults(stored: dict[str, Any]) -> Defaults:
    return Defaults(**_readable(stored, {field.name for field in fields(Defaults)}, _default))


def _community_settings(stored: dict[str, Any]) -> CommunitySettings:
    return CommunitySettings(**_readable(stored, {field.name for field in fields(CommunitySettings)}, _setting))


def _readable(stored: dict[str, Any], known: set[str], check: Any) -> dict[str, Any]:
    values = {}
    for name in stored.keys() & known:
        try:
            values[name] = check(name, stored[name])
        except RequestError:
            continue  # stored by a version that allowed it
    return {name: value for name, value in values.items() if value is not None}


def _default(name: str, value: object) -> Any:
    """The canonical value, as in TuneRequest; None: unset. Raises RequestError."""
    parameter = PARAMETERS.get(name)
    if name != "language" and not (parameter and parameter.personal):
        raise RequestError(name, UserMessage("“{text}” can't have a default.", text=name[:40]))
    if value is None or value == "":
        return None
    kind = parameter.kind if parameter else str
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise RequestError(name, UserMessage("I can't read the default for “{text}”. Please choose it again.", text=name))
    if parameter is None:
        return _language(value)
    checked = parameter.check(value)
    return None if checked == "" else checked


def _setting(name: str, value: object) -> Any:
    """The value for CommunitySettings; None: the default. Raises RequestError."""
    match name:
        case _ if value is None:
            return None
        case "channels":
            if not isinstance(value, list | tuple) or len(value) > MAX_CHANNELS or not all(map(_is_channel, value)):
                raise RequestError(
                    name, UserMessage("I can't read the channels. Please choose at most {most}.", most=MAX_CHANNELS)
                )
            return tuple(dict.fromkeys(value))
        case "cooldown_s":
            if type(value) is not int or not 0 <= value <= MAX_COOLDOWN_S:
                raise RequestError(name, UserMessage("The cooldown must be from 0 to {most:,} seconds.", most=MAX_COOLDOWN_S))
        case "open_requests":
            if type(value) is not int or not 1 <= value <= MAX_OPEN_REQUESTS:
                raise RequestError(
                    name, UserMessage("The limit of unfinished tunes must be from 1 to {most}.", most=MAX_OPEN_REQUESTS)
                )
        case "deleters":
            if value not in DELETERS:
                raise RequestError(name, UserMessage("Tunes can be deleted by {names}.", names=OneOf(DELETERS)))
        case "instrument":
            if not isinstance(value, str):
                raise RequestError(name, UserMessage("I can't read the instrument. Please choose it again."))
            return instrument_named(value)
        case "language":
            return _language(value)
        case "sharing_channel":
            if value != "" and not _is_channel(value):
                raise RequestError(name, UserMessage("I can't read the sharing channel. Please choose it again."))
        case _:
            raise RequestError(name, UserMessage("There is no setting “{text}”.", text=name[:40]))
    return value


def _language(value: object) -> object:
    if value != "" and value not in LANGUAGES:
        raise RequestError("language", UserMessage("I don't speak this language. Please choose another."))
    return value


def _is_channel(value: object) -> bool:
    return isinstance(value, str) and _CHANNEL.fullmatch(value) is not None
