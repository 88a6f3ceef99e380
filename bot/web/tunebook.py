"""Tunebooks to print: of the gallery, of a visitor's own tunes, or of single tunes."""

from __future__ import annotations

from aiohttp import web

from bot.core.naming import slug
from bot.core.texts import tunebook as texts
from bot.core.tunebook.pdf import MAX_TUNES, Book, tunebook_pdf
from bot.web.gallery import CACHING, GalleryQuery
from bot.web.limits import Limits
from bot.web.preview import Previews
from bot.web.views import Views
from bot.web.visitor import viewer_of
from generator.request import RequestError
from generator.user_messages import UserMessage
from storage.storage import Storage
from storage.tunes import Tune


class TunebookPages:
    def __init__(self, storage: Storage, views: Views, previews: Previews, limits: Limits) -> None:
        self._storage, self._views, self._previews, self._limits = storage, views, previews, limits

    async def pdf(self, request: web.Request) -> web.Response:
        """`tunes=ID,ID` or `tunes=ID&tunes=ID`: these tunes in this order; `mine=yes`: the visitor's own;
        otherwise the search of the gallery.

        `chords=yes` adds chord charts. A book has at most MAX_TUNES tunes.
        """
        private = "tunes" in request.query or "mine" in request.query
        try:
            title, tunes = await self._tunes(request)
        except RequestError as error:
            return self._views.page("message.html", status=422, title=UserMessage("No such tunebook"), message=error.message)
        if not tunes:
            raise web.HTTPNotFound
        self._limits.books.take(self._limits.network(request))
        book = Book(title, tunes, address=self._previews.base(request), chords=request.query.get("chords") == "yes")
        content = await tunebook_pdf(self._storage, book)
        headers = {
            "Cache-Control": "no-store" if private else CACHING,
            "Content-Disposition": f'inline; filename="{slug(title)}.pdf"',
        }
        return web.Response(body=content, content_type="application/pdf", headers=headers)

    async def _tunes(self, request: web.Request) -> tuple[str, list[Tune]]:
        """The title of the book and its tunes. Raises RequestError for a search that can't be read."""
        gallery, viewer = self._storage.gallery, viewer_of(request)
        if "tunes" in request.query:
            ids = ",".join(request.query.getall("tunes")).split(",")[:MAX_TUNES]
            found = [tune for tune_id in ids if (tune := await gallery.visible_tune(tune_id, viewer))]
            title = found[0].composition.title if len(found) == 1 and found[0].composition else str(texts.TUNEBOOK)
            return title, found
        if "mine" in request.query:
            return str(texts.OWN), (await gallery.mine(viewer, limit=MAX_TUNES)).tunes
        query = GalleryQuery.check(request.query)
        return str(texts.SHARED), (await gallery.shared(order=query.order, search=query.search, limit=MAX_TUNES)).tunes
