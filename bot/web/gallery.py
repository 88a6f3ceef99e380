"""The gallery: what people shared from everywhere, to look through and search, also for programs and as a tunebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.web import form, state
from bot.web.failures import wants_json
from bot.web.preview import Previews
from bot.web.views import Views
from bot.web.visitor import remember, viewer
from generator.notation.metres import RHYTHMS
from generator.notation.tokens import MODES
from generator.request import RequestError
from storage.gallery import ANYTHING, Order, Page, Search
from storage.storage import Storage

# What is taken back or deleted is gone from here within minutes.
CACHING = "public, max-age=60"
_ORDERS = {Order.NEWEST: "Newest", Order.WEEK: "Liked this week", Order.MONTH: "Liked this month", Order.EVER: "Liked most"}
_SINCE = {Order.WEEK: "this week", Order.MONTH: "this month"}
_NONE = {
    Order.NEWEST: "Nothing has been shared yet. Compose a tune, press Share on its page, and it is the first one here.",
    Order.WEEK: "Nobody has liked a tune this week; the newest ones wait for a ♥.",
    Order.MONTH: "Nobody has liked a tune this month; the newest ones wait for a ♥.",
    Order.EVER: "Nobody has liked a tune yet; the newest ones wait for a ♥.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for in the gallery, and from where on."""

    search: Search = ANYTHING
    order: Order = Order.NEWEST
    after: str = ""

    @classmethod
    def check(cls, query: Mapping[str, object]) -> Asked:
        """Raises RequestError with the sentence to show."""
        typed = form.typed(query)
        search = Search.check(title=typed["title"], rhythm=typed["rhythm"], key=typed["key"])
        return cls(search, _order(form.text("order", query.get("order"))), form.text("after", query.get("after")))

    def address(self, path: str, **changes: str) -> str:
        """Where the same is found, or the same but for some `changes`."""
        values = {
            "title": self.search.title,
            "rhythm": self.search.rhythm or "",
            "key": self.search.key or "",
            "order": "" if self.order is Order.NEWEST else str(self.order),
        } | changes
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{path}?{query}" if query else path


class GalleryPages:
    def __init__(self, storage: Storage, views: Views, previews: Previews) -> None:
        self._storage, self._views, self._previews = storage, views, previews

    async def page(self, request: web.Request) -> web.Response:
        try:
            asked = Asked.check(request.query)
            page = await self._page(asked)
        except RequestError as error:
            return await self._show(request, Asked(), Page([], [], ""), {error.field: str(error)})
        return await self._show(request, asked, page, {})

    async def json(self, request: web.Request) -> web.Response:
        """The same page for programs; `next` is the address of the one after it."""
        try:
            asked = Asked.check(request.query)
            page = await self._page(asked)
        except RequestError as error:
            return _refuse(error)
        files = await self._storage.files_of([tune.id for tune in page.tunes])
        tunes = [state.entry(tune, files[tune.id]) for tune in page.tunes]
        following = asked.address("/gallery.json", after=page.next) if page.next else None
        body = {"order": str(asked.order), "tunes": tunes, "next": following}
        return web.json_response(body, headers={"Cache-Control": CACHING})

    async def tunebook(self, request: web.Request) -> web.Response:
        """The ABC of all that the search finds, not of one page alone."""
        try:
            asked = Asked.check(request.query)
        except RequestError as error:
            if wants_json(request):
                return _refuse(error)
            return self._views.page("message.html", status=422, title="No such tunebook", sentence=str(error))
        text = await self._storage.gallery.tunebook(order=asked.order, search=asked.search)
        headers = {"Cache-Control": CACHING, "Content-Disposition": 'attachment; filename="tunebook.abc"'}
        return web.Response(text=text, content_type="text/vnd.abc", charset="utf-8", headers=headers)

    async def _page(self, asked: Asked) -> Page:
        try:
            return await self._storage.gallery.shared(order=asked.order, search=asked.search, after=asked.after)
        except ValueError as error:
            raise RequestError("after", str(error)) from error

    async def _show(self, request: web.Request, asked: Asked, page: Page, errors: Mapping[str, str]) -> web.Response:
        ids = [tune.id for tune in page.tunes]
        files = {tune_id: {file.name for file in of} for tune_id, of in (await self._storage.files_of(ids)).items()}
        searching = asked.search != ANYTHING
        response = self._views.page(
            "gallery.html",
            here="gallery",
            status=422 if errors else 200,
            indexed=not request.query,  # of everything else there is no end
            preview=self._previews.page(
                request, "Gallery", "New Irish tunes that people shared, with sheet music and recordings."
            ),
            page=page,
            files=files,
            liked=await self._storage.sharing.liked(ids, viewer(request)),
            values=form.typed(request.query),
            errors=errors,
            orders={
                name: (order is asked.order, asked.address("/gallery", order=_named(order))) for order, name in _ORDERS.items()
            },
            order=_named(asked.order),
            since=_SINCE.get(asked.order),
            searching=searching,
            empty=_NONE[asked.order],
            first=asked.address("/gallery") if asked.after else None,
            following=asked.address("/gallery", after=page.next) if page.next else None,
            tunebook=asked.address("/tunebook.abc"),
            programs=asked.address("/gallery.json"),
            compose="/?" + urlencode({"rhythm": asked.search.rhythm or "", "key": asked.search.key or ""}),
            rhythms=list(RHYTHMS),
            modes=MODES,
        )
        return remember(request, response)


def _order(text: str) -> Order:
    try:
        return Order(text.strip().lower() or Order.NEWEST)
    except ValueError:
        sentence = f"I don't know the order “{text.strip()[:40]}”. Try newest, week, month or ever."
        raise RequestError("order", sentence) from None


def _named(order: Order) -> str:
    return "" if order is Order.NEWEST else str(order)


def _refuse(error: RequestError) -> web.Response:
    body: dict[str, Any] = {"error": str(error), "field": error.field}
    return web.json_response(body, status=422, headers={"Cache-Control": "no-store"})
