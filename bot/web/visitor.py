"""Visitors are known by a cookie, which decides which tunes they may see."""

from __future__ import annotations

import re
import secrets
from typing import TypeVar

from aiohttp import web

from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer, owns

_COOKIE, _COOKIE_SECONDS = "user", 365 * 24 * 3600
_NEW_USER_ID = web.RequestKey("new_user_id", str)
_USER_ID = re.compile(r"[0-9A-Za-z_-]{22}")
Response = TypeVar("Response", bound=web.StreamResponse)


def viewer_of(request: web.Request) -> Viewer:
    """The visitor as a viewer. Without a cookie, it has no user id and sees only shared tunes."""
    return Viewer("web", _cookie(request) or "")


async def find_tune(storage: Storage, tune_id: str, viewer: Viewer) -> Tune | None:
    """The tune if the viewer may see it. Only the owner may see a tune that is unfinished or has failed."""
    if visible := await storage.gallery.visible_tune(tune_id, viewer):
        return visible
    tune = await storage.tune(tune_id)
    return tune if tune and owns(viewer, tune) else None


async def requested_tune(storage: Storage, request: web.Request) -> Tune:
    """The tune in the address. Raises the same HTTPNotFound for a hidden tune as for one that doesn't exist."""
    tune = await find_tune(storage, request.match_info["id"], viewer_of(request))
    if tune is None:
        raise web.HTTPNotFound
    return tune


def user_id(request: web.Request) -> str:
    """The visitor's id. A new id stays the same for the whole request, so that the cookie matches the stored tune."""
    known = _cookie(request) or request.get(_NEW_USER_ID)
    if known is None:
        known = request[_NEW_USER_ID] = secrets.token_urlsafe(16)
    return known


def with_cookie(request: web.Request, response: Response) -> Response:
    """Sets the cookie of a new visitor. Each sent form renews it for a year, because owners have no other way to their tunes."""
    if _cookie(request) is None or request.method == "POST":
        response.set_cookie(
            _COOKIE, user_id(request), max_age=_COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.secure, path="/"
        )
    return response


def _cookie(request: web.Request) -> str | None:
    value = request.cookies.get(_COOKIE, "")
    return value if _USER_ID.fullmatch(value) else None
