"""The aiohttp application: its routes and middlewares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from bot.core.desk import Desk
from bot.web import errors, language, security
from bot.web.access import DEFAULT, Access
from bot.web.clients import Clients
from bot.web.compose import ComposePages
from bot.web.compression import compress
from bot.web.editor import EditorPages
from bot.web.events import Events
from bot.web.examples import Example, Examples
from bot.web.files import Files
from bot.web.gallery import GalleryPages
from bot.web.health import Health
from bot.web.limits import Limits
from bot.web.metrics import Metrics
from bot.web.offline import OfflinePages
from bot.web.pages import Pages
from bot.web.player import Player
from bot.web.preview import Previews
from bot.web.sharing import SharingPages
from bot.web.tunebook import TunebookPages
from bot.web.turns import Turns
from bot.web.versions import VersionPages
from bot.web.views import Views
from bot.web.visitor import Visitors
from storage.storage import Storage

_TUNE = "/tunes/{id:[0-9A-Za-z]{12}}"


def make_app(
    *,
    storage: Storage,
    desk: Desk,
    parts: Mapping[str, Callable[[], bool]] = {},
    access: Access = DEFAULT,
    routes: Sequence[web.RouteDef] = (),
    examples: Sequence[Example] = (),
) -> web.Application:
    """The web page on an open storage and a running desk.

    `parts` are the readiness checks that `/health` reports besides the database. `routes` are those of other
    parts. `examples` are the tunes to hear on the first page.
    """
    clients = Clients(access.trusted_proxies, always_secure=access.is_https)
    limits = Limits(storage, clients, open_tunes=access.open_tunes_per_address, tunes=access.tunes_per_address)
    visitors, guard = Visitors(storage, clients), security.Guard(access, clients)
    views, previews, metrics = Views(), Previews(storage, access.web_url, clients), Metrics(storage, access, clients)
    events = Events(storage, desk, clients, limits)
    shown = Examples(storage, examples)
    compose, pages = ComposePages(storage, desk, views, shown, limits), Pages(storage, views, previews)
    files, health = Files(storage), Health(storage, parts)
    gallery, sharing = GalleryPages(storage, views, previews, shown), SharingPages(storage, views, limits)
    offline, player, editor = OfflinePages(views), Player(storage, views), EditorPages(storage, views, limits)
    versions, tunebooks = VersionPages(storage, limits), TunebookPages(storage, views, previews, limits)
    in_turn = Turns()
    app = web.Application(
        client_max_size=security.MAX_BODY_BYTES,
        middlewares=[compress, language.speak, metrics.count, errors.middleware(views), guard.check, visitors.identify],
    )
    app.add_routes(
        [
            web.get("/", compose.page),
            web.post("/understood", compose.understood),
            web.post("/tunes", compose.compose),
            web.get(_TUNE, pages.tune_page),
            web.get(_TUNE + ".json", pages.tune_json),
            web.get(_TUNE + "/events", events.get, allow_head=False),
            web.get(_TUNE + "/draft.svg", events.draft),
            web.get(_TUNE + "/files/{name}", files.get),
            web.get(_TUNE + "/player", player.page),
            web.post(_TUNE + "/again", compose.again),
            web.post(_TUNE + "/vary", compose.vary),
            web.post(_TUNE + "/continue", compose.continue_tune),
            web.post(_TUNE + "/tour", pages.end_tour),
            web.post(_TUNE + "/versions", versions.make),
            web.post(_TUNE + "/like", sharing.like),
            web.post(_TUNE + "/share", sharing.share),
            web.post(_TUNE + "/unshare", sharing.unshare),
            web.get(_TUNE + "/delete", sharing.confirm_delete),
            web.post(_TUNE + "/delete", sharing.delete),
            web.get("/gallery", in_turn(gallery.page)),
            web.get("/gallery.json", in_turn(gallery.json)),
            web.get("/tunebook.abc", in_turn(gallery.tunebook)),
            web.get("/tunebook.pdf", tunebooks.pdf),
            web.get("/static/{digest}/{name:.+}", views.static),
            web.get("/editor", editor.page),
            web.post("/editor/check", editor.check),
            web.get("/manifest.webmanifest", offline.manifest),
            web.get("/worker.js", offline.worker),
            web.get("/offline", offline.page),
            web.get("/health", health.get),
            web.get("/metrics", metrics.get),
            *routes,
        ]
    )
    app.on_response_prepare.append(guard.add_headers)
    app.on_shutdown.append(events.close)
    app.cleanup_ctx.extend([metrics.watching, shown.keep])
    return app
