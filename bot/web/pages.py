"""The compose page and the tunes' pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from bot.core.derive import again, vary
from bot.core.desk import Desk
from bot.web import form, state
from bot.web.failures import wants_json
from bot.web.fields import field_rows
from bot.web.preview import Previews
from bot.web.views import Views
from bot.web.visitor import find, person, remember, tune_at, viewer
from generator.request import PARAMETERS, RequestError, TuneRequest
from generator.user_messages import UserError
from storage.gallery import Family
from storage.storage import Storage
from storage.tunes import Origin, Status, Tune
from storage.viewer import Viewer, owns

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
# Somebody's opening may be anything, also another's tune that is private: it is told, and handed on, to them alone.
NOT_AGAIN = "This tune was made from an opening that only its asker has; you can vary the tune instead."


class Pages:
    def __init__(self, storage: Storage, desk: Desk, views: Views, previews: Previews) -> None:
        self._storage, self._desk, self._views, self._previews = storage, desk, views, previews

    async def compose_page(self, request: web.Request) -> web.Response:
        """The form, filled in from the address (`?rhythm=reel`) or from an earlier tune (`?from=ID`)."""
        by = viewer(request)
        tune = await find(self._storage, request.query.get("from", ""), by)
        if tune is None:
            return await self._form(request, form.typed(request.query))
        return await self._form(request, _filled(tune, by))

    async def compose(self, request: web.Request) -> web.Response:
        body = await form.body(request)
        values = dict.fromkeys(PARAMETERS, "")
        try:
            values = form.typed(body)
            wish = await _wish(values)
            await self._desk.check_model(wish.model)
        except RequestError as error:
            return await self._refuse(request, values, 422, error.field, str(error))
        return await self._submit(request, wish, form.event(body.get("token"), values), values)

    async def again(self, request: web.Request) -> web.Response:
        tune, by = await tune_at(self._storage, request), viewer(request)
        if tune.request.opening and not owns(by, tune):
            raise web.HTTPForbidden(text=NOT_AGAIN)
        return await self._from(request, tune, again(tune))

    async def vary(self, request: web.Request) -> web.Response:
        tune = await tune_at(self._storage, request)
        if tune.composition is None:
            raise web.HTTPSeeOther(f"/tunes/{tune.id}")
        return await self._from(request, tune, vary(tune))

    async def _from(self, request: web.Request, tune: Tune, asked: tuple[TuneRequest, str | None]) -> web.Response:
        wish, parent_id = asked
        return await self._submit(request, wish, await _event(request), _filled(tune, viewer(request)), parent_id)

    async def tune_page(self, request: web.Request) -> web.Response:
        tune, by = await tune_at(self._storage, request), viewer(request)
        family = await self._family(tune, by)
        if not tune.status.over:
            place = await self._storage.queue_position(tune.id)
            page = self._views.page("progress.html", tune=tune, now=state.progress(tune, place))
        elif tune.composition is None:
            page = self._views.page(
                "failed.html", tune=tune, sentence=state.sentence(tune, 0), parent=family.parent, token=form.new_token()
            )
        else:
            names = {file.name for file in await self._storage.files(tune.id)}
            page = self._views.page(
                "tune.html",
                tune=tune,
                made=tune.composition,
                family=family,
                mine=owns(by, tune),
                liked=tune.id in await self._storage.sharing.liked([tune.id], by),
                indexed=tune.shared is not None,
                preview=await self._previews.tune(request, tune, tune.composition, names) if tune.shared else None,
                downloads={name: label for name, label in DOWNLOADS.items() if name in names},
                sheet=next((name for name in ("tune.svg", "tune.png") if name in names), None),
                times="tune.timemap.json" if {"tune.timemap.json", "tune.svg", "tune.mp3"} <= names else None,
                token=form.new_token(),
            )
        return remember(request, page)

    async def tune_json(self, request: web.Request) -> web.Response:
        tune, by = await tune_at(self._storage, request), viewer(request)
        place = await self._storage.queue_position(tune.id) if tune.status is Status.QUEUED else 0
        files = await self._storage.files(tune.id) if tune.status is Status.FINISHED else []
        told = state.as_json(tune, place, files, mine=owns(by, tune), family=await self._family(tune, by))
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _family(self, tune: Tune, by: Viewer) -> Family:
        try:
            return await self._storage.gallery.family(tune.id, by)
        except KeyError:  # not finished
            return Family(await find(self._storage, tune.parent_id, by) if tune.parent_id else None, [])

    async def _submit(
        self, request: web.Request, wish: TuneRequest, event: str, values: Mapping[str, str], parent: str | None = None
    ) -> web.Response:
        origin = Origin(platform="web", event_id=event, user_id=person(request))
        try:
            tune = await self._desk.submit(wish, origin, parent_id=parent)
        except UserError as error:
            return await self._refuse(request, values, 429, None, str(error))
        address = f"/tunes/{tune.id}"
        if wants_json(request):
            accepted = {"id": tune.id, "address": address, "status": str(tune.status), "seed": tune.request.seed}
            return remember(request, web.json_response(accepted, status=202, headers={"Location": address}))
        return remember(request, web.Response(status=303, headers={"Location": address}))

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
        latest = (await self._storage.gallery.mine(viewer(request), limit=LATEST_TUNES)).tunes
        errors = {field: sentence} if field in PARAMETERS else {"": sentence} if sentence else {}
        page = self._views.page(
            "compose.html",
            here="compose",
            status=status,
            indexed=not request.query_string and request.method == "GET",
            values=values,
            errors=errors,
            latest=latest,
            rows=field_rows(await self._desk.models(), chosen_model=values["model"]),
            example=EXAMPLE,
            example_address="/?" + urlencode(EXAMPLE),
            token=form.new_token(),
        )
        return remember(request, page)


def _filled(tune: Tune, by: Viewer) -> dict[str, str]:
    return form.filled(tune.request if owns(by, tune) else replace(tune.request, opening="", mode="continue"))


async def _wish(values: Mapping[str, str]) -> TuneRequest:
    """In a thread: a hostile opening takes a tenth of a second to read, and whoever is following waits for the loop."""
    return await asyncio.to_thread(lambda: TuneRequest.check(**values))


async def _event(request: web.Request) -> str:
    """What makes one press of a button on a tune's page one request."""
    return form.event((await form.body(request)).get("token"), {"path": request.path})
