"""What makes the page installable, and lets tunes that were seen work without a network: manifest, service worker, list."""

from __future__ import annotations

from aiohttp import web

from bot.web.language import current, translate
from bot.web.views import Views
from generator.user_messages import UserMessage

_COLOUR, _PAPER = "#2a5a4c", "#f6f0e2"
_DESCRIPTION = UserMessage("New Irish tunes, with sheet music, recordings and tools to practise.")


class OfflinePages:
    def __init__(self, views: Views) -> None:
        self._views = views

    async def manifest(self, request: web.Request) -> web.Response:
        icon = {"src": self._views.address("mark.svg"), "type": "image/svg+xml", "sizes": "any"}
        body = {
            "name": "Tunesmith",
            "short_name": "Tunesmith",
            "lang": current().code,
            "description": translate(_DESCRIPTION),
            "id": "/",
            "start_url": "/",
            "display": "standalone",
            "theme_color": _COLOUR,
            "background_color": _PAPER,
            "icons": [icon | {"purpose": "any"}, icon | {"purpose": "maskable"}],
        }
        return web.json_response(body, content_type="application/manifest+json", headers={"Cache-Control": "no-cache"})

    async def worker(self, request: web.Request) -> web.Response:
        """At the top, since a service worker controls only what lies beside or below it."""
        return web.Response(
            body=self._views.body("worker.js"),
            content_type="text/javascript",
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )

    async def page(self, request: web.Request) -> web.Response:
        return self._views.page("offline.html")
