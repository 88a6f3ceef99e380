"""Visitors are known by a cookie that the page signed, which decides which tunes they may see."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.clients import Clients
from storage.sharing import UNCLAIMED
from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer, owns

KEY = "visitors"  # of the storage's signing keys
_COOKIE, _COOKIE_SECONDS = "user", 365 * 24 * 3600
_SIGNED = re.compile(r"([0-9A-Za-z_-]{22})\.([0-9A-Za-z_-]{22})")
_SIGNATURE_BYTES = 16
# Nothing there depends on the visitor, and it works while the database is away.
_FOR_ALL = ("/static/", "/health", "/metrics", "/worker.js", "/manifest.webmanifest", "/slack/")
Response = TypeVar("Response", bound=web.StreamResponse)


class Visitors:
    """Finds out who sends each request. A cookie that the page did not sign is no person."""

    def __init__(self, storage: Storage, clients: Clients) -> None:
        self._storage, self._clients, self._key = storage, clients, b""

    @web.middleware
    async def identify(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(_FOR_ALL):
            self._key = self._key or await self._storage.signing_keys.get(KEY)
            request[_VISITOR] = _Visitor(self._key, request.cookies.get(_COOKIE, ""), self._clients.is_secure(request))
        return await handler(request)


class _Visitor:
    def __init__(self, key: bytes, cookie: str, secure: bool) -> None:
        self._key, self.secure = key, secure
        match = _SIGNED.fullmatch(cookie)
        self.known_id = match[1] if match and hmac.compare_digest(match[2], self._signature(match[1])) else ""
        self.id = self.known_id or secrets.token_urlsafe(16)

    @property
    def cookie(self) -> str:
        return f"{self.id}.{self._signature(self.id)}"

    def _signature(self, user_id: str) -> str:
        digest = hmac.digest(self._key, user_id.encode(), hashlib.sha256)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


_VISITOR = web.RequestKey("visitor", _Visitor)


def viewer_of(request: web.Request) -> Viewer:
    """The visitor as a viewer. Without a cookie, it has no user id and sees only shared tunes."""
    return Viewer("web", request[_VISITOR].known_id)


async def find_tune(storage: Storage, tune_id: str, viewer: Viewer) -> Tune | None:
    """The tune if the viewer may see it. Only the owner may see a tune that is unfinished or has failed."""
    if visible := await storage.gallery.visible_tune(tune_id, viewer):
        return visible
    tune = await storage.tune(tune_id)
    return tune if tune and owns(viewer, tune) else None


async def requested_tune(storage: Storage, request: web.Request) -> Tune:
    """The tune in the address. Raises the same HTTPNotFound for a hidden tune as for one that doesn't exist."""
    viewer = viewer_of(request)
    tune = await find_tune(storage, request.match_info["id"], viewer)
    if tune is None:
        raise web.HTTPNotFound
    if tune.origin.reply.items() >= UNCLAIMED.items() and owns(viewer, tune):  # the cookie came back
        await storage.set_reply(tune.id, dict.fromkeys(UNCLAIMED, False), delivered=True)
    return tune


def user_id(request: web.Request) -> str:
    """The visitor's id. A new id stays the same for the whole request, so that the cookie matches the stored tune."""
    return request[_VISITOR].id


def with_cookie(request: web.Request, response: Response) -> Response:
    """Sets the cookie of a new visitor. Each sent form renews it for a year, because owners have no other way to their tunes."""
    visitor = request[_VISITOR]
    if not visitor.known_id or request.method == "POST":
        set_cookie(request, response, _COOKIE, visitor.cookie, _COOKIE_SECONDS)
    return response


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    secure = request[_VISITOR].secure
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Lax", secure=secure, path="/")
