"""The compose page and the tunes' pages."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from json import JSONDecodeError
from urllib.parse import urlencode

from aiohttp import web

from bot.desk import Desk, DeskError, again, vary
from bot.web import form, state
from bot.web.failures import wants_json
from bot.web.views import Views
from generator.notation.keys import Mode, transpose_tonic
from generator.notation.metres import RHYTHMS
from generator.notation.opening import OPENING_MODES
from generator.notation.tokens import MODES
from generator.request import (
    INSTRUMENTS,
    MAX_OPENING_CHARACTERS,
    MAX_SEED,
    MAX_STRENGTH,
    MAX_TITLE_CHARACTERS,
    STRUCTURES,
    USUAL_STRENGTH,
    RequestError,
    TuneRequest,
)
from storage.storage import Storage
from storage.tunes import Origin, Status, Tune

LATEST_TUNES = 10
EXAMPLE = {"rhythm": "reel", "key": "Ador", "opening": "|:EAAB c2Bc|dBAB G2EG|"}
# The downloads in the order in which people look for them.
DOWNLOADS = {
    "tune.abc": "ABC",
    "tune.mp3": "MP3",
    "tune.mid": "MIDI",
    "tune.musicxml": "MusicXML",
    "tune.png": "PNG",
    "tune.svg": "SVG",
}
_COOKIE, _COOKIE_SECONDS = "person", 365 * 24 * 3600
_ID = re.compile(r"[0-9A-Za-z]{12}")
_NEW_PERSON = web.RequestKey("new_person", str)
_PERSON = re.compile(r"[0-9A-Za-z_-]{22}")


def _keys() -> list[str]:
    """Every key that may be asked for, as ABC writes it, those of sessions first."""
    usual = ["D", "G", "A", "Em", "Bm", "Am", "Ador", "Edor", "Dmix", "Amix"]
    every = [transpose_tonic(pitch_class, mode) + Mode(mode).abc for mode in MODES for pitch_class in range(12)]
    return usual + [key for key in every if key not in usual]


_CHOICES = {
    "rhythms": list(RHYTHMS),
    "metres": sorted({str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres}, key=lambda text: (text[-1], text)),
    "keys": _keys(),
    "modes": OPENING_MODES,
    "strengths": [str(strength) for strength in range(1, MAX_STRENGTH + 1)],
    "usual_strength": str(USUAL_STRENGTH),
    "structures": STRUCTURES,
    "instruments": INSTRUMENTS,
    "backings": form.BACKINGS,
    "example": EXAMPLE,
    "example_address": "/?" + urlencode(EXAMPLE),
    "limits": {"opening": MAX_OPENING_CHARACTERS, "title": MAX_TITLE_CHARACTERS, "seed": MAX_SEED},
}


class Pages:
    def __init__(self, storage: Storage, desk: Desk, views: Views) -> None:
        self._storage, self._desk, self._views = storage, desk, views

    async def compose_page(self, request: web.Request) -> web.Response:
        """The form, filled in from the address (`?rhythm=reel`) or from an earlier tune (`?from=ID`)."""
        named = request.query.get("from", "")
        origin = await self._storage.tune(named) if _ID.fullmatch(named) else None
        return await self._form(request, form.filled(origin.request) if origin else form.typed(request.query))

    async def compose(self, request: web.Request) -> web.Response:
        body = await _body(request)
        values = dict.fromkeys(form.FIELDS, "")
        try:
            values = form.typed(body)
            wish = await _wish(values)
        except RequestError as error:
            return await self._refuse(request, values, 422, error.field, str(error))
        return await self._submit(request, wish, form.event(body.get("token"), values), values)

    async def again(self, request: web.Request) -> web.Response:
        tune = await self._known(request)
        return await self._from(request, tune, again(tune))

    async def vary(self, request: web.Request) -> web.Response:
        tune = await self._known(request)
        if tune.composition is None:
            raise web.HTTPSeeOther(f"/tunes/{tune.id}")
        return await self._from(request, tune, vary(tune))

    async def _from(self, request: web.Request, tune: Tune, asked: tuple[TuneRequest, str | None]) -> web.Response:
        wish, parent = asked
        return await self._submit(request, wish, await _event(request), form.filled(tune.request), parent)

    async def tune_page(self, request: web.Request) -> web.Response:
        tune = await self._known(request)
        if not tune.status.over:
            place = await self._storage.place(tune.id)
            page = self._views.page("progress.html", tune=tune, now=state.progress(tune, place))
        elif tune.composition is None:
            page = self._views.page("failed.html", tune=tune, sentence=state.sentence(tune, 0), token=form.new_token())
        else:
            names = {file.name for file in await self._storage.files(tune.id)}
            page = self._views.page(
                "tune.html",
                tune=tune,
                made=tune.composition,
                parent=await self._storage.tune(tune.parent) if tune.parent else None,
                downloads={name: label for name, label in DOWNLOADS.items() if name in names},
                sheet=next((name for name in ("tune.svg", "tune.png") if name in names), None),
                times="tune.timemap.json" if {"tune.timemap.json", "tune.svg", "tune.mp3"} <= names else None,
                token=form.new_token(),
            )
        return self._remember(request, page)

    async def tune_json(self, request: web.Request) -> web.Response:
        tune = await self._known(request)
        place = await self._storage.place(tune.id) if tune.status is Status.QUEUED else 0
        files = await self._storage.files(tune.id) if tune.status is Status.FINISHED else []
        return web.json_response(state.as_json(tune, place, files), headers={"Cache-Control": "no-store"})

    async def _known(self, request: web.Request) -> Tune:
        tune = await self._storage.tune(request.match_info["id"])
        if tune is None:
            raise web.HTTPNotFound
        return tune

    async def _submit(
        self, request: web.Request, wish: TuneRequest, event: str, values: Mapping[str, str], parent: str | None = None
    ) -> web.Response:
        origin = Origin(platform="web", event=event, person=_person(request) or _new_person(request))
        try:
            tune = await self._desk.submit(wish, origin, parent=parent)
        except DeskError as error:
            return await self._refuse(request, values, 429, None, str(error))
        address = f"/tunes/{tune.id}"
        if wants_json(request):
            accepted = {"id": tune.id, "address": address, "status": str(tune.status), "seed": tune.request.seed}
            return self._remember(request, web.json_response(accepted, status=202, headers={"Location": address}))
        return self._remember(request, web.Response(status=303, headers={"Location": address}))

    async def _refuse(
        self, request: web.Request, values: Mapping[str, str], status: int, field: str | None, sentence: str
    ) -> web.Response:
        if wants_json(request):
            return web.json_response({"error": sentence, "field": field}, status=status)
        return await self._form(request, values, status, field, sentence)

    async def _form(
        self,
        request: web.Request,
        values: Mapping[str, str],
        status: int = 200,
        field: str | None = None,
        sentence: str | None = None,
    ) -> web.Response:
        latest = [tune for tune in await self._storage.latest("web", LATEST_TUNES) if tune.composition]
        errors = {field: sentence} if field in form.FIELDS else {"": sentence} if sentence else {}
        page = self._views.page(
            "compose.html", status=status, values=values, errors=errors, latest=latest, token=form.new_token(), **_CHOICES
        )
        return self._remember(request, page)

    def _remember(self, request: web.Request, response: web.Response) -> web.Response:
        if _person(request) is None:
            person = _new_person(request)
            response.set_cookie(
                _COOKIE, person, max_age=_COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.secure, path="/"
            )
        return response


async def _wish(values: Mapping[str, str]) -> TuneRequest:
    """In a thread: a hostile opening takes a tenth of a second to read, and whoever is following waits for the loop."""
    return await asyncio.to_thread(form.wish, values)


def _person(request: web.Request) -> str | None:
    person = request.cookies.get(_COOKIE, "")
    return person if _PERSON.fullmatch(person) else None


def _new_person(request: web.Request) -> str:
    """One for the whole request, so that the cookie names the person whom the desk was told of."""
    person: str = request.setdefault(_NEW_PERSON, secrets.token_urlsafe(16))
    return person


async def _body(request: web.Request) -> Mapping[str, object]:
    if not request.can_read_body:
        return {}
    if request.content_type == "application/x-www-form-urlencoded":
        return await request.post()
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, LookupError, RecursionError, ValueError):
        raise web.HTTPBadRequest from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest
    return body


async def _event(request: web.Request) -> str:
    """What makes one press of a button on a tune's page one request."""
    return form.event((await _body(request)).get("token"), {"path": request.path})
