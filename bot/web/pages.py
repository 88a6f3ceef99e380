"""The compose page and the pages of tunes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from bot.core.derive import again, vary
from bot.core.desk import Desk
from bot.web import form
from bot.web.errors import wants_json
from bot.web.fields import field_rows
from bot.web.preview import Previews
from bot.web.tune_json import progress_json, status_message, tune_json
from bot.web.views import Views
from bot.web.visitor import find_tune, requested_tune, user_id, viewer_of, with_cookie
from generator.request import PARAMETERS, RequestError, TuneRequest
from generator.user_messages import UserError
from storage.errors import NoRoom
from storage.gallery import Family
from storage.storage import Storage
from storage.tunes import Origin, Status, Tune
from storage.viewer import Viewer, owns

LATEST_TUNES = 10
EXAMPLE = {"rhythm": "reel", "key": "Ador", "opening": "|:EAAB c2Bc|dBAB G2EG|"}
# Labels of the downloads by file name, in the order in which they are shown.
DOWNLOADS = {
    "tune.abc": "ABC",
    "tune.mp3": "MP3",
    "tune.mid": "MIDI",
    "tune.musicxml": "MusicXML",
    "tune.png": "PNG",
    "tune.svg": "SVG",
}
# An opening may be anything, even somebody else's private tune. So only the owner sees and reuses it.
NOT_AGAIN = "This tune started from an opening that only its owner can see. You can vary the tune instead."


class Pages:
    def __init__(self, storage: Storage, desk: Desk, views: Views, previews: Previews) -> None:
        self._storage, self._desk, self._views, self._previews = storage, desk, views, previews

    async def compose_page(self, request: web.Request) -> web.Response:
        """The form, filled in from the address (`?rhythm=reel`) or from an earlier tune (`?from=ID`)."""
        viewer = viewer_of(request)
        tune = await find_tune(self._storage, request.query.get("from", ""), viewer)
        if tune is None:
            return await self._form(request, form.typed(request.query))
        return await self._form(request, _filled(tune, viewer))

    async def compose(self, request: web.Request) -> web.Response:
        body = await form.body(request)
        values = dict.fromkeys(PARAMETERS, "")
        try:
            values = form.typed(body)
            # In a thread: reading a hostile opening takes a tenth of a second, and progress streams need the loop.
            tune_request = await asyncio.to_thread(lambda: TuneRequest.check(**values))
            await self._desk.check_model(tune_request.model)
        except RequestError as error:
            return await self._refuse(request, values, 422, error.field, str(error))
        return await self._submit(request, tune_request, form.event_id(body.get("token"), values), values)

    async def again(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        if tune.request.opening and not owns(viewer_of(request), tune):
            raise web.HTTPForbidden(text=NOT_AGAIN)
        return await self._submit_from(request, tune, *again(tune))

    async def vary(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        if tune.composition is None:
            raise web.HTTPSeeOther(f"/tunes/{tune.id}")
        return await self._submit_from(request, tune, *vary(tune))

    async def _submit_from(
        self, request: web.Request, tune: Tune, tune_request: TuneRequest, parent_id: str | None
    ) -> web.Response:
        """Submits a request that a button on the tune's page makes. One press of the button has one event id."""
        token = (await form.body(request)).get("token")
        event_id = form.event_id(token, {"path": request.path})
        return await self._submit(request, tune_request, event_id, _filled(tune, viewer_of(request)), parent_id)

    async def tune_page(self, request: web.Request) -> web.Response:
        tune, viewer = await requested_tune(self._storage, request), viewer_of(request)
        family = await self._family(tune, viewer)
        if not tune.status.over:
            queue_position = await self._storage.queue_position(tune.id)
            page = self._views.page(
                "progress.html", tune=tune, progress=progress_json(tune, queue_position, waits_for_room=self._waits_for_room)
            )
        elif tune.composition is None:
            page = self._views.page(
                "failed.html", tune=tune, message=status_message(tune, 0), parent=family.parent, token=form.new_token()
            )
        else:
            names = {file.name for file in await self._storage.files(tune.id)}
            page = self._views.page(
                "tune.html",
                tune=tune,
                composition=tune.composition,
                family=family,
                mine=owns(viewer, tune),
                liked=tune.id in await self._storage.sharing.liked([tune.id], viewer),
                indexed=tune.shared is not None,
                preview=await self._previews.tune(request, tune, tune.composition, names) if tune.shared else None,
                downloads={name: label for name, label in DOWNLOADS.items() if name in names},
                sheet=next((name for name in ("tune.svg", "tune.png") if name in names), None),
                time_map="tune.timemap.json" if {"tune.timemap.json", "tune.svg", "tune.mp3"} <= names else None,
                token=form.new_token(),
            )
        return with_cookie(request, page)

    async def tune_json(self, request: web.Request) -> web.Response:
        tune, viewer = await requested_tune(self._storage, request), viewer_of(request)
        queue_position = await self._storage.queue_position(tune.id) if tune.status is Status.QUEUED else 0
        files = await self._storage.files(tune.id) if tune.status is Status.FINISHED else []
        family = await self._family(tune, viewer)
        body = tune_json(tune, queue_position, files, mine=owns(viewer, tune), family=family, waits_for_room=self._waits_for_room)
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    @property
    def _waits_for_room(self) -> bool:
        return self._storage.room.lacking is not None

    async def _family(self, tune: Tune, viewer: Viewer) -> Family:
        try:
            return await self._storage.gallery.family(tune.id, viewer)
        except KeyError:  # not finished
            return Family(await find_tune(self._storage, tune.parent_id, viewer) if tune.parent_id else None, [])

    async def _submit(
        self,
        request: web.Request,
        tune_request: TuneRequest,
        event_id: str,
        values: Mapping[str, str],
        parent_id: str | None = None,
    ) -> web.Response:
        """Stores the request. If it is refused, the form shows `values` again."""
        origin = Origin(platform="web", event_id=event_id, user_id=user_id(request))
        try:
            tune = await self._desk.submit(tune_request, origin, parent_id=parent_id)
        except UserError as error:
            status = 503 if isinstance(error, NoRoom) else 429
            return await self._refuse(request, values, status, None, str(error))
        address = f"/tunes/{tune.id}"
        if wants_json(request):
            accepted = {"id": tune.id, "address": address, "status": str(tune.status), "seed": tune.request.seed}
            return with_cookie(request, web.json_response(accepted, status=202, headers={"Location": address}))
        return with_cookie(request, web.Response(status=303, headers={"Location": address}))

    async def _refuse(
        self, request: web.Request, values: Mapping[str, str], status: int, field: str | None, message: str
    ) -> web.Response:
        if wants_json(request):
            return web.json_response({"error": message, "field": field}, status=status)
        return await self._form(request, values, status, {field if field in PARAMETERS else None: message})

    async def _form(
        self,
        request: web.Request,
        values: Mapping[str, str],
        status: int = 200,
        errors: Mapping[str | None, str] = {},
    ) -> web.Response:
        """The compose page. `errors` are messages by field; None stands for the whole form."""
        latest = (await self._storage.gallery.mine(viewer_of(request), limit=LATEST_TUNES)).tunes
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
        return with_cookie(request, page)


def _filled(tune: Tune, viewer: Viewer) -> dict[str, str]:
    """The form's values for this tune, without the opening if the viewer is not its owner."""
    return form.filled(tune.request if owns(viewer, tune) else replace(tune.request, opening="", mode="continue"))
