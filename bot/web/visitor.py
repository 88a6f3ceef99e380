"""Who looks at the page, known by a cookie, and which tunes they may see."""

from __future__ import annotations

import re
import secrets
from typing import TypeVar

from aiohttp import web

from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer, owns

_COOKIE, _COOKIE_SECONDS = "person", 365 * 24 * 3600
_NEW_PERSON = web.RequestKey("new_person", str)
_PERSON = re.compile(r"[0-9A-Za-z_-]{22}")
Response = TypeVar("Response", bound=web.StreamResponse)


def viewer(request: web.Request) -> Viewer:
    """Whoever comes without a cookie is nobody yet, and sees what was shared."""
    return Viewer("web", _person(request) or "")


async def find(storage: Storage, tune_id: str, by: Viewer) -> Tune | None:
    """The tune if they may see it; until it is finished, or when it has failed, only whoever asked for it may."""
    if seen := await storage.gallery.seen(tune_id, by):
        return seen
    tune = await storage.tune(tune_id)
    return tune if tune and owns(by, tune) else None


async def tune_at(storage: Storage, request: web.Request) -> Tune:
    """The tune that the address names; what may not be seen is not found, just as what is not there."""
    tune = await find(storage, request.match_info["id"], viewer(request))
    if tune is None:
        raise web.HTTPNotFound
    return tune


def person(request: web.Request) -> str:
    """One for the whole request, so that the cookie names the person whom the desk was told of."""
    known = _person(request) or request.get(_NEW_PERSON)
    if known is None:
        known = request[_NEW_PERSON] = secrets.token_urlsafe(16)
    return known


def remember(request: web.Request, response: Response) -> Response:
    """Gives a newcomer their cookie; each form handed in keeps it for another year, for their tunes are found by it alone."""
    if _person(request) is None or request.method == "POST":
        response.set_cookie(
            _COOKIE, person(request), max_age=_COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.secure, path="/"
        )
    return response


def _person(request: web.Request) -> str | None:
    known = request.cookies.get(_COOKIE, "")
    return known if _PERSON.fullmatch(known) else None
