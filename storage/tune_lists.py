"""The queries for lists of tunes: the shared ones, and a user's own. Each selects `id`, `rank` and `at` of a part of the list.

`at` is when a tune was shared or finished, `rank` its likes in the period that the list is sorted by, 0 in other lists. Lists are
sorted by rank, time and id, the highest first. Parts begin after or before a tune, which a cursor names by the same three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, cast, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text

from generator.notation.keys import mode_named
from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.tunes import Status
from storage.viewer import Viewer, owned

# How many tunes a search looks through in the order of the list, before it looks up all that match. What matches one tune in
# fifty is found so; of what matches fewer, there is little to sort.
LOOKED_THROUGH = 1_000
TERM = 3  # characters: the longest parts of titles in the index

tunes, shared_tunes, searched_tunes = tables.tunes, tables.shared_tunes, tables.searched_tunes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,9})_(\d{1,16})_([0-9A-Za-z]{12})", re.ASCII)  # rank, microseconds, tune


class Order(StrEnum):
    NEWEST = "newest"
    WEEK = "week"  # by the likes of the last seven days
    MONTH = "month"  # of thirty days
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Search:
    """A filter for tunes. Empty fields match all. Values are canonical, as in a TuneRequest."""

    title: str = ""  # words of the title, in any order and case
    rhythm: str | None = None
    key: str | None = None  # `Ador`, or a mode alone

    @classmethod
    def check(cls, *, title: str | None = None, rhythm: str | None = None, key: str | None = None) -> Search:
        """Makes a search from typed text. Raises RequestError."""
        request = TuneRequest.check(seed=0, title=title, rhythm=rhythm, key=key)
        return cls(request.title, request.rhythm, request.key)


@dataclass(frozen=True, slots=True)
class Part:
    """`limit` tunes of a list, from its beginning, after a cursor, or before one. Those before one come in reverse order."""

    limit: int
    after: str = ""
    before: str = ""


def own(viewer: Viewer, search: Search, part: Part) -> list[Select[Any]]:
    """The viewer's finished tunes."""
    these = and_(owned(viewer), tunes.c.status == Status.FINISHED, *_matching(search, tunes, func.lower(tunes.c.title)))
    listed = select(tunes.c.id, literal(0).label("rank"), tunes.c.finished_at.label("at")).where(these)
    return [_part(listed.subquery(), part, by_rank=False)]


def shared(viewer: Viewer, order: Order, search: Search, part: Part) -> list[Select[Any]]:
    """The tunes shared from the viewer's community, or from anywhere if it is empty. Orders by likes leave out tunes without.

    Each query finds the whole part if it finds `part.limit` tunes, the last one always.
    """
    by_rank = order is not Order.NEWEST
    rank = shared_tunes.c[order] if by_rank else literal(0)
    listed = select(shared_tunes.c.tune_id.label("id"), rank.label("rank"), shared_tunes.c.shared_at.label("at"))
    if by_rank:
        listed = listed.where(rank > 0)
    if search == Search() and not viewer.community_id:
        return [_part(listed.subquery(), part, by_rank=by_rank)]
    start = _part(listed.subquery(), Part(LOOKED_THROUGH, part.after, part.before), by_rank=by_rank).subquery()
    # OFFSET 0 and MATERIALIZED forbid PostgreSQL other ways, such as reading all tunes in the hope that many match.
    each = select(searched_tunes).where(searched_tunes.c.tune_id == start.c.id).offset(0).lateral()
    looked_through = select(start).join(each, true()).where(*_of(viewer, each), *_matching(search, each, each.c.title))
    has_terms = _INDEXED.contains(cast(array(_terms(search, viewer)), ARRAY(Text)))
    matching = has_terms, *_of(viewer, searched_tunes), *_matching(search, searched_tunes, searched_tunes.c.title)
    looked_up = listed.join(searched_tunes, searched_tunes.c.tune_id == shared_tunes.c.tune_id).where(*matching)
    return [
        _part(looked_through.subquery(), part, by_rank=by_rank),
        _part(looked_up.cte("found").prefix_with("MATERIALIZED"), part, by_rank=by_rank),
    ]


def cursor(row: Any) -> str:
    """The cursor of a row. It has microseconds, as in PostgreSQL: rounded times would skip or repeat tunes."""
    return f"{row['rank']}_{(row['at'] - _EPOCH) // timedelta(microseconds=1)}_{row['id']}"


def sort_key(row: Any) -> tuple[int, datetime, str]:
    return row["rank"], row["at"], row["id"]


def _part(listed: FromClause, part: Part, *, by_rank: bool) -> Select[Any]:
    columns = [listed.c.rank, listed.c.at, listed.c.id][0 if by_rank else 1 :]
    query = select(listed).order_by(*(column.asc() if part.before else column.desc() for column in columns)).limit(part.limit)
    if part.before:
        return query.where(tuple_(*columns) > tuple_(*_values(part.before)[-len(columns) :]))
    if part.after:
        return query.where(tuple_(*columns) < tuple_(*_values(part.after)[-len(columns) :]))
    return query


def _of(viewer: Viewer, table: FromClause) -> list[ColumnElement[bool]]:
    return [table.c.platform == viewer.platform, table.c.community_id == viewer.community_id] if viewer.community_id else []


def _matching(search: Search, table: FromClause, title: ColumnElement[str]) -> list[ColumnElement[bool]]:
    """`title` is in lower case: PostgreSQL compares that ten times as fast as with ILIKE."""
    wanted: list[ColumnElement[bool]] = [func.strpos(title, func.lower(word)) > 0 for word in search.title.split()]
    if search.rhythm:
        wanted.append(table.c.rhythm == search.rhythm)
    if search.key and (mode := mode_named(search.key)):
        wanted.append(table.c.key.regexp_match(f"^[A-G][#b]?{mode.abc}$"))
    elif search.key:
        wanted.append(table.c.key == search.key)
    return wanted


_INDEXED = func.search_terms(
    *(searched_tunes.c[name] for name in ("title", "rhythm", "key", "platform", "community_id")), type_=ARRAY(Text)
)


def _terms(search: Search, viewer: Viewer) -> list[ColumnElement[str]]:
    """Terms that the index has for each tune that matches. Of a word, its longest parts that the index has."""
    terms: list[ColumnElement[str]] = []
    for word in search.title.split():
        size = min(len(word), TERM)
        terms += [func.lower(word[start : start + size]) for start in range(len(word) - size + 1)]
    if search.rhythm:
        terms.append(literal(f"rhythm {search.rhythm}"))
    if search.key:
        mode = mode_named(search.key)
        terms.append(literal(f"mode {mode.abc}" if mode else f"key {search.key}"))
    if viewer.community_id:
        terms.append(literal(f"from {viewer.platform} {viewer.community_id}"))
    return terms


def _values(text: str) -> tuple[int, datetime, str]:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise UserError(UserMessage("This page no longer exists. Please start again from the first page."))
    return int(found[1]), _EPOCH + timedelta(microseconds=int(found[2])), found[3]
