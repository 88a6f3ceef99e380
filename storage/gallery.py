"""The gallery: shared tunes, a user's own tunes, and a tune's parent and children, as far as the viewer may see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from storage import tables, tune_lists
from storage.database import Database
from storage.tune_lists import Order, Part, Search
from storage.tunes import Tune, is_id, tune_from
from storage.viewer import PUBLIC, Viewer, visible

PAGE, MAX_PAGE = 20, 100  # tunes
MAX_TUNEBOOK = 1_000  # tunes: about a megabyte of ABC
MAX_CHILDREN = 50
ANYTHING = Search()

__all__ = ["ANYTHING", "MAX_TUNEBOOK", "Family", "Gallery", "Order", "Page", "Search", "numbered"]

tunes = tables.tunes
_NUMBER_LINE = re.compile(r"\AX:.*")


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
        return await self._page(lambda part: tune_lists.shared(viewer, order, search, part), after, before, limit)

    async def mine(
        self, viewer: Viewer, *, search: Search = ANYTHING, after: str = "", before: str = "", limit: int = PAGE
    ) -> Page:
        """The user's own finished tunes from all communities, newest first. Raises as `shared` does."""
        return await self._page(lambda part: tune_lists.own(viewer, search, part), after, before, limit)

    async def own_and_shared(self, viewer: Viewer, *, search: Search = ANYTHING, limit: int = PAGE) -> list[Tune]:
        """The tunes of `mine` and `shared` together, newest first: by when they were finished, or shared."""
        part = Part(limit)
        rows = await self._read(tune_lists.own(viewer, search, part), tunes.c, limit)
        rows += await self._read(tune_lists.shared(viewer, Order.NEWEST, search, part), tunes.c, limit)
        rows.sort(key=tune_lists.sort_key, reverse=True)
        return [tune_from(row) for row in list({row["id"]: row for row in rows}.values())[:limit]]

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
        part = Part(MAX_TUNEBOOK)
        queries = tune_lists.own(viewer, search, part) if mine else tune_lists.shared(viewer, order, search, part)
        return numbered(row["abc"] for row in await self._read(queries, [tunes.c.id, tunes.c.abc], part.limit))

    async def _page(self, listed: Callable[[Part], list[Select[Any]]], after: str, before: str, limit: int) -> Page:
        limit = min(max(limit, 1), MAX_PAGE)
        rows = await self._read(listed(Part(limit + 1, after, before)), tunes.c, limit + 1)
        if before and len(rows) <= limit:  # the first page: show a full one, with new tunes
            return await self._page(listed, "", "", limit)
        more = len(rows) > limit
        page = (rows[1:] if before else rows[:-1]) if more else rows
        return Page(
            [tune_from(row) for row in page],
            [row["rank"] or row["likes"] for row in page],
            tune_lists.cursor(page[-1]) if more or before else "",
            tune_lists.cursor(page[0]) if page and (after or before) else "",
        )

    async def _read(self, queries: Iterable[Select[Any]], columns: Iterable[ColumnElement[Any]], limit: int) -> list[Any]:
        """The tunes of the first query that finds so many, or of the last one, in the order of the list."""
        rows: list[Any] = []
        for query in queries:
            found = query.subquery()
            these = select(*columns, found.c.rank, found.c.at).join(found, found.c.id == tunes.c.id)
            async with self._database.begin_search() as connection:
                rows = list((await connection.execute(these)).mappings())
            if len(rows) >= limit:
                break
        return sorted(rows, key=tune_lists.sort_key, reverse=True)

    async def _rows(self, query: Select[Any]) -> list[Any]:
        async with self._database.begin() as connection:
            return list((await connection.execute(query)).mappings())


def numbered(abcs: Iterable[str]) -> str:
    """The ABC of several tunes as one file, numbered from 1."""
    return "\n".join(_NUMBER_LINE.sub(f"X:{number}", abc.strip()) + "\n" for number, abc in enumerate(abcs, 1))
