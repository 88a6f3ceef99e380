"""The gallery: shared tunes, a user's own tunes, and a tune's parent and children, as far as the viewer may see them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_

from generator.notation.keys import mode_named
from generator.request import TuneRequest
from generator.user_messages import UserError, UserMessage
from storage import tables
from storage.database import Database
from storage.tunes import Status, Tune, is_id, tune_from
from storage.viewer import PUBLIC, Viewer, owned, shared_from_community, visible

PAGE, MAX_PAGE = 20, 100  # tunes
MAX_TUNEBOOK = 1_000  # tunes: about a megabyte of ABC
MAX_CHILDREN = 50

tunes, likes = tables.tunes, tables.likes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,9})_(\d{1,16})_([0-9A-Za-z]{12})", re.ASCII)  # likes, microseconds, tune
_NUMBER_LINE = re.compile(r"\AX:.*")


class Order(StrEnum):
    NEWEST = "newest"
    WEEK = "week"  # by the likes of the last seven days
    MONTH = "month"  # of thirty days
    EVER = "ever"


_SINCE = {Order.WEEK: timedelta(days=7), Order.MONTH: timedelta(days=30)}


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


ANYTHING = Search()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of tunes."""

    tunes: list[Tune]
    likes: list[int]  # of each tune, in the time span of the order
    next: str  # cursor of the next page, at most 40 characters; empty on the last page
    previous: str = ""  # cursor of the previous page; empty on the first page


@dataclass(frozen=True, slots=True)
class Family:
    """A tune's parent and children, as far as the viewer may see them."""

    parent: Tune | None
    children: list[Tune]  # oldest first, MAX_CHILDREN at most


class Gallery:
    """Lists the tunes that a viewer may see, in pages.

    Pages use cursors: the next page starts after the last tune shown, even if new tunes were added before it since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visible_tune(self, tune_id: str, viewer: Viewer) -> Tune | None:
        """The finished tune if the viewer may see it."""
        if not is_id(tune_id):
            return None
        found = await self._rows(select(tunes).where(tunes.c.id == tune_id, visible(viewer)))
        return tune_from(found[0]) if found else None

    async def shared(
        self,
        viewer: Viewer = PUBLIC,
        *,
        order: Order = Order.NEWEST,
        search: Search = ANYTHING,
        after: str = "",
        before: str = "",
        limit: int = PAGE,
    ) -> Page:
        """Tunes shared from the viewer's community, or from anywhere if it is empty.

        Orders by likes leave out tunes without likes. `after` is a page's `next`, `before` its `previous`. Raises UserError for
        a cursor that can't be read.
        """
        return await self._page(_shared(viewer), order, search, after, before, limit)

    async def mine(
        self, viewer: Viewer, *, search: Search = ANYTHING, after: str = "", before: str = "", limit: int = PAGE
    ) -> Page:
        """The user's own finished tunes from all communities, newest first. Raises as `shared` does."""
        return await self._page(_own(viewer), None, search, after, before, limit)

    async def own_and_shared(self, viewer: Viewer, *, search: Search = ANYTHING, limit: int = PAGE) -> list[Tune]:
        """The tunes of `mine` and `shared` together, newest first."""
        rows = await self._rows(_sorted(or_(_own(viewer), _shared(viewer)), None, search).limit(limit))
        return [tune_from(row) for row in rows]

    async def family(self, tune_id: str, viewer: Viewer) -> Family:
        """The tune's parent and children that the viewer may see. Raises KeyError if they can't see the tune itself."""
        tune = await self.visible_tune(tune_id, viewer)
        if tune is None:
            raise KeyError(tune_id)
        children_query = select(tunes).where(tunes.c.parent_id == tune_id, visible(viewer))
        children = await self._rows(children_query.order_by(tunes.c.finished_at, tunes.c.id).limit(MAX_CHILDREN))
        parent = await self.visible_tune(tune.parent_id, viewer) if tune.parent_id else None
        return Family(parent, [tune_from(row) for row in children])

    async def tunebook(
        self, viewer: Viewer = PUBLIC, *, mine: bool = False, order: Order = Order.NEWEST, search: Search = ANYTHING
    ) -> str:
        """The ABC of all tunes of `shared` (or `mine`), numbered from 1, at most MAX_TUNEBOOK."""
        which = _own(viewer) if mine else _shared(viewer)
        rows = await self._rows(_sorted(which, None if mine else order, search).limit(MAX_TUNEBOOK))
        return numbered(row["abc"] for row in rows)

    async def _page(
        self, which: ColumnElement[bool], order: Order | None, search: Search, after: str, before: str, limit: int
    ) -> Page:
        limit = min(max(limit, 1), MAX_PAGE)
        rows = await self._rows(_sorted(which, order, search, after, before).limit(limit + 1))
        page, more = rows[:limit], len(rows) > limit
        if before and not more:  # the first page: show a full one, with new tunes
            return await self._page(which, order, search, "", "", limit)
        if before:
            page.reverse()
        found, likes = [tune_from(row) for row in page], [row["rank"] for row in page]
        return Page(
            found, likes, _cursor(page[-1]) if more or before else "", _cursor(page[0]) if page and (after or before) else ""
        )

    async def _rows(self, query: Select[Any]) -> list[Any]:
        async with self._database.begin() as connection:
            return list((await connection.execute(query)).mappings())


def numbered(abcs: Iterable[str]) -> str:
    """The ABC of several tunes as one file, numbered from 1."""
    return "\n".join(_NUMBER_LINE.sub(f"X:{number}", abc.strip()) + "\n" for number, abc in enumerate(abcs, 1))


def _shared(viewer: Viewer) -> ColumnElement[bool]:
    return shared_from_community(viewer) if viewer.community_id else tunes.c.shared_at.is_not(None)


def _own(viewer: Viewer) -> ColumnElement[bool]:
    return and_(owned(viewer), tunes.c.status == Status.FINISHED)


def _sorted(which: ColumnElement[bool], order: Order | None, search: Search, after: str = "", before: str = "") -> Select[Any]:
    """Selects the tunes with their sort keys: likes (`rank`) and time (`at`). Order None: by the time they were finished.

    With `before` they come in reverse order.
    """
    at: ColumnElement[Any] = tunes.c.shared_at if order else tunes.c.finished_at
    rank: ColumnElement[Any]
    if order in _SINCE:
        since = func.now() - literal(_SINCE[order])
        recent = select(likes.c.tune_id, func.count().label("likes")).where(likes.c.liked_at > since).group_by(likes.c.tune_id)
        counted = recent.subquery()
        rank = counted.c.likes
        query = select(tunes, rank.label("rank"), at.label("at")).join(counted, counted.c.tune_id == tunes.c.id)
    else:
        rank = tunes.c.likes
        query = select(tunes, rank.label("rank"), at.label("at"))
        if order is Order.EVER:
            query = query.where(tunes.c.likes > 0)
    columns = (at, tunes.c.id) if order in (Order.NEWEST, None) else (rank, at, tunes.c.id)
    query = query.where(which, *_matching(search)).order_by(*(column.asc() if before else column.desc() for column in columns))
    if before:
        return query.where(tuple_(*columns) > tuple_(*_values(before)[-len(columns) :]))
    if after:
        return query.where(tuple_(*columns) < tuple_(*_values(after)[-len(columns) :]))
    return query


def _matching(search: Search) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [tunes.c.title.icontains(word, autoescape=True) for word in search.title.split()]
    if search.rhythm:
        wanted.append(tunes.c.rhythm == search.rhythm)
    if search.key and (mode := mode_named(search.key)):
        wanted.append(tunes.c.key.regexp_match(f"^[A-G][#b]?{mode.abc}$"))
    elif search.key:
        wanted.append(tunes.c.key == search.key)
    return wanted


def _cursor(row: Any) -> str:
    """The cursor after a row. It has microseconds, as in PostgreSQL: rounded times would skip or repeat tunes."""
    return f"{row['rank']}_{(row['at'] - _EPOCH) // timedelta(microseconds=1)}_{row['id']}"


def _values(cursor: str) -> tuple[int, datetime, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise UserError(UserMessage("This page no longer exists. Please start again from the first page."))
    return int(found[1]), _EPOCH + timedelta(microseconds=int(found[2])), found[3]
