"""The gallery of shared tunes: its page with search, its JSON and its tunebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.web import form
from bot.web.errors import wants_json
from bot.web.examples import Examples
from bot.web.language import translate
from bot.web.preview import Previews
from bot.web.tune_json import gallery_json
from bot.web.views import Views
from bot.web.visitor import viewer_of, with_cookie
from generator.notation.metres import RHYTHMS
from generator.notation.tokens import MODES
from generator.request import RequestError
from generator.user_messages import UserMessage
from storage.gallery import ANYTHING, Order, Page, Search
from storage.storage import Storage

# Short, so that an unshared or deleted tune disappears within a minute.
CACHING = "public, max-age=60"
_ORDERS = {
    Order.NEWEST: UserMessage("Newest"),
    Order.WEEK: UserMessage("Liked this week"),
    Order.MONTH: UserMessage("Liked this month"),
    Order.EVER: UserMessage("Liked most"),
}
_SINCE = {Order.WEEK: UserMessage("this week"), Order.MONTH: UserMessage("this month")}
_EMPTY = {
    Order.NEWEST: UserMessage("Nothing has been shared yet. Compose a tune and press Share on its page."),
    Order.WEEK: UserMessage("Nobody has liked a tune this week. The newest tunes are waiting for a ♥."),
    Order.MONTH: UserMessage("Nobody has liked a tune this month. The newest tunes are waiting for a ♥."),
    Order.EVER: UserMessage("Nobody has liked a tune yet. The newest tunes are waiting for a ♥."),
}


@dataclass(frozen=True, slots=True)
class GalleryQuery:
    """Search, order and page of the gallery. `after` is the cursor of the page; empty for the first page."""

    search: Search = ANYTHING
    order: Order = Order.NEWEST
    after: str = ""

    @classmethod
    def check(cls, query: Mapping[str, object]) -> GalleryQuery:
        """Reads a query string. Raises RequestError."""
        typed = form.typed(query)
        search = Search.check(title=typed["title"], rhythm=typed["rhythm"], key=typed["key"])
        return cls(search, _order(form.text("order", query.get("order"))), form.text("after", query.get("after")))

    @property
    def values(self) -> dict[str, str]:
        """Search and order by parameter."""
        return {
            "title": self.search.title,
            "rhythm": self.search.rhythm or "",
            "key": self.search.key or "",
            "order": "" if self.order is Order.NEWEST else str(self.order),
        }

    def address(self, path: str, **changes: str) -> str:
        """The address of this query at `path`, with `changes` to its parameters."""
        values = self.values | changes
        encoded = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{encoded}" if encoded else path


class GalleryPages:
    def __init__(self, storage: Storage, views: Views, previews: Previews, examples: Examples) -> None:
        self._storage, self._views, self._previews, self._examples = storage, views, previews, examples

    async def page(self, request: web.Request) -> web.Response:
        try:
            query = GalleryQuery.check(request.query)
            page = await self._page(query)
        except RequestError as error:
            return await self._show(request, GalleryQuery(), Page([], [], ""), {error.field: translate(error.message)})
        return await self._show(request, query, page, {})

    async def json(self, request: web.Request) -> web.Response:
        """A page as JSON. `next` is the address of the next page, or null."""
        try:
            query = GalleryQuery.check(request.query)
            page = await self._page(query)
        except RequestError as error:
            return _refuse(error)
        files = await self._storage.files_of([tune.id for tune in page.tunes])
        tunes = [gallery_json(tune, files[tune.id]) for tune in page.tunes]
        following = query.address("/gallery.json", after=page.next) if page.next else None
        body = {"order": str(query.order), "tunes": tunes, "next": following}
        return web.json_response(body, headers={"Cache-Control": CACHING})

    async def tunebook(self, request: web.Request) -> web.Response:
        """The ABC of all tunes that match the search, not only of one page."""
        try:
            query = GalleryQuery.check(request.query)
        except RequestError as error:
            if wants_json(request):
                return _refuse(error)
            return self._views.page("message.html", status=422, title=UserMessage("No such tunebook"), message=error.message)
        text = await self._storage.gallery.tunebook(order=query.order, search=query.search)
        headers = {"Cache-Control": CACHING, "Content-Disposition": 'attachment; filename="tunebook.abc"'}
        return web.Response(text=text, content_type="text/vnd.abc", charset="utf-8", headers=headers)

    async def _page(self, query: GalleryQuery) -> Page:
        try:
            return await self._storage.gallery.shared(order=query.order, search=query.search, after=query.after)
        except ValueError as error:
            raise RequestError("after", str(error)) from error

    async def _show(self, request: web.Request, query: GalleryQuery, page: Page, errors: Mapping[str, str]) -> web.Response:
        ids = [tune.id for tune in page.tunes]
        stored = await self._storage.files_of(ids)
        files = {tune_id: {file.name for file in stored[tune_id]} for tune_id in stored}
        searching = query.search != ANYTHING
        response = self._views.page(
            "gallery.html",
            here="gallery",
            status=422 if errors else 200,
            indexed=not request.query,  # there are endless searches
            preview=self._previews.page(
                request,
                translate(UserMessage("Gallery")),
                translate(UserMessage("New Irish tunes that people shared, with sheet music and recordings.")),
            ),
            page=page,
            files=files,
            liked=await self._storage.sharing.liked(ids, viewer_of(request)),
            values=form.typed(request.query),
            errors=errors,
            orders={
                name: (order is query.order, query.address("/gallery", order=_order_name(order)))
                for order, name in _ORDERS.items()
            },
            order=_order_name(query.order),
            since=_SINCE.get(query.order),
            searching=searching,
            empty=_EMPTY[query.order],
            examples=[] if page.tunes or searching else await self._examples.shown(),
            first=query.address("/gallery") if query.after else None,
            following=query.address("/gallery", after=page.next) if page.next else None,
            tunebook=query.address("/tunebook.abc"),
            sought={name: value for name, value in query.values.items() if value},
            json_address=query.address("/gallery.json"),
            compose="/?" + urlencode({"rhythm": query.search.rhythm or "", "key": query.search.key or ""}),
            rhythms=list(RHYTHMS),
            modes=MODES,
        )
        return with_cookie(request, response)


def _order(text: str) -> Order:
    try:
        return Order(text.strip().lower() or Order.NEWEST)
    except ValueError:
        message = UserMessage("I don't know the order “{order}”. Try newest, week, month or ever.", order=text.strip()[:40])
        raise RequestError("order", message) from None


def _order_name(order: Order) -> str:
    return "" if order is Order.NEWEST else str(order)


def _refuse(error: RequestError) -> web.Response:
    body: dict[str, Any] = {"error": translate(error.message), "field": error.field}
    return web.json_response(body, status=422, headers={"Cache-Control": "no-store"})
