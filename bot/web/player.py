"""The player of a shared tune: a small page with sheet and recording, which Slack shows in a frame below links to the tune."""

from __future__ import annotations

from aiohttp import web

from bot.web.security import FRAMED_POLICY
from bot.web.views import Views
from storage.storage import Storage
from storage.viewer import PUBLIC


class Player:
    def __init__(self, storage: Storage, views: Views) -> None:
        self._storage, self._views = storage, views

    async def page(self, request: web.Request) -> web.Response:
        """Without cookies: what is shown in a frame of another site is what everybody may see."""
        tune = await self._storage.gallery.visible_tune(request.match_info["id"], PUBLIC)
        if tune is None or tune.composition is None:
            raise web.HTTPNotFound
        files = {file.name for file in await self._storage.files(tune.id)}
        page = self._views.page("player.html", tune=tune, composition=tune.composition, files=files)
        page.headers["Content-Security-Policy"] = FRAMED_POLICY
        return page
