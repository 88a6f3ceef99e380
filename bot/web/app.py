"""The application: which address leads where."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from bot.desk import Desk
from bot.web import failures, security
from bot.web.events import Events
from bot.web.files import Files
from bot.web.health import Health
from bot.web.metrics import Metrics
from bot.web.pages import Pages
from bot.web.views import Views
from storage.storage import Storage

_TUNE = "/tunes/{id:[0-9A-Za-z]{12}}"


def make_app(*, storage: Storage, desk: Desk, parts: Mapping[str, Callable[[], bool]] = {}) -> web.Application:
    """The web page on an open storage and a running desk; `parts` are what `/health` asks besides the database."""
    views, metrics, events = Views(), Metrics(storage), Events(storage, desk)
    pages, files, health = Pages(storage, desk, views), Files(storage), Health(storage, parts)
    app = web.Application(
        client_max_size=security.MAX_BODY_BYTES,
        middlewares=[metrics.count, failures.middleware(views), security.refuse_cross_site],
    )
    app.add_routes(
        [
            web.get("/", pages.compose_page),
            web.post("/tunes", pages.compose),
            web.get(_TUNE, pages.tune_page),
            web.get(_TUNE + ".json", pages.tune_json),
            web.get(_TUNE + "/events", events.get, allow_head=False),
            web.get(_TUNE + "/files/{name}", files.get),
            web.post(_TUNE + "/again", pages.again),
            web.post(_TUNE + "/vary", pages.vary),
            web.get("/static/{digest}/{name}", views.static),
            web.get("/health", health.get),
            web.get("/metrics", metrics.get),
        ]
    )
    app.on_response_prepare.append(security.add_headers)
    app.on_shutdown.append(events.close)
    app.cleanup_ctx.append(metrics.watching)
    return app
