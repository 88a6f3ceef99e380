"""The pages of tunes."""

from __future__ import annotations

from aiohttp import web

from bot.web import form
from bot.web.events import has_worker
from bot.web.examples import made_by
from bot.web.language import translate
from bot.web.practice import TEXTS, WHISTLES, other_keys
from bot.web.preview import Previews
from bot.web.tune_json import progress_json, status_message, tune_json
from bot.web.views import Views
from bot.web.visitor import find_tune, requested_tune, set_cookie, viewer_of, with_cookie
from generator.request import INSTRUMENTS
from storage.gallery import Family
from storage.storage import Storage
from storage.tunes import Status, Tune
from storage.viewer import Viewer, owns

# Labels of the downloads by file name, in the order in which they are shown.
DOWNLOADS = {
    "tune.abc": "ABC",
    "tune.mp3": "MP3",
    "tune.mid": "MIDI",
    "tune.musicxml": "MusicXML",
    "tune.png": "PNG",
    "tune.svg": "SVG",
}

TOUR_COOKIE, TOUR_COOKIE_S = "tour", 365 * 24 * 3600


class Pages:
    def __init__(self, storage: Storage, views: Views, previews: Previews) -> None:
        self._storage, self._views, self._previews = storage, views, previews

    async def tune_page(self, request: web.Request) -> web.Response:
        tune, viewer = await requested_tune(self._storage, request), viewer_of(request)
        family = await self._family(tune, viewer)
        if not tune.status.over:
            queue_position = await self._storage.queue_position(tune.id)
            page = self._views.page(
                "progress.html",
                tune=tune,
                progress=progress_json(
                    tune, queue_position, waits_for_room=self._waits_for_room, has_worker=await has_worker(self._storage, tune)
                ),
                others=[each for each in await self._storage.set_of(tune.set_id) if each.id != tune.id] if tune.set_id else [],
            )
        elif tune.composition is None:
            page = self._views.page(
                "failed.html", tune=tune, message=status_message(tune, 0), parent=family.parent, token=form.new_token()
            )
        else:
            names = {file.name for file in await self._storage.files(tune.id)}
            in_set = await self._storage.set_of(tune.set_id) if tune.set_id and owns(viewer, tune) else []
            page = self._views.page(
                "tune.html",
                tune=tune,
                composition=tune.composition,
                family=family,
                mine=owns(viewer, tune),
                others=[each for each in in_set if each.id != tune.id],
                set_ids=[each.id for each in in_set],
                tour=owns(viewer, tune) and await self._is_first(request, viewer),
                example=made_by(tune),
                liked=tune.id in await self._storage.sharing.liked([tune.id], viewer),
                indexed=tune.shared is not None,
                preview=await self._previews.tune(request, tune, tune.composition, names) if tune.shared else None,
                downloads={name: label for name, label in DOWNLOADS.items() if name in names},
                sheet=next((name for name in ("tune.svg", "tune.png") if name in names), None),
                narrow="tune.narrow.svg" if "tune.narrow.svg" in names else None,
                keys=other_keys(tune.composition.key),
                whistles=WHISTLES,
                practice_texts={name: translate(message) for name, message in TEXTS.items()},
                instruments=INSTRUMENTS,
                time_map="tune.timemap.json" if {"tune.timemap.json", "tune.svg", "tune.mp3"} <= names else None,
                token=form.new_token(),
            )
        return with_cookie(request, page)

    async def _is_first(self, request: web.Request, viewer: Viewer) -> bool:
        """Whether the visitor has only one tune so far, and has not ended the tour."""
        return TOUR_COOKIE not in request.cookies and len((await self._storage.gallery.mine(viewer, limit=2)).tunes) == 1

    async def end_tour(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        response = web.Response(status=303, headers={"Location": f"/tunes/{tune.id}"})
        set_cookie(request, response, TOUR_COOKIE, "ended", TOUR_COOKIE_S)
        return with_cookie(request, response)

    async def tune_json(self, request: web.Request) -> web.Response:
        tune, viewer = await requested_tune(self._storage, request), viewer_of(request)
        queue_position = await self._storage.queue_position(tune.id) if tune.status is Status.QUEUED else 0
        files = await self._storage.files(tune.id) if tune.status is Status.FINISHED else []
        family = await self._family(tune, viewer)
        body = tune_json(
            tune,
            queue_position,
            files,
            mine=owns(viewer, tune),
            family=family,
            waits_for_room=self._waits_for_room,
            has_worker=await has_worker(self._storage, tune),
        )
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    @property
    def _waits_for_room(self) -> bool:
        return self._storage.room.lacking is not None

    async def _family(self, tune: Tune, viewer: Viewer) -> Family:
        try:
            return await self._storage.gallery.family(tune.id, viewer)
        except KeyError:  # not finished
            return Family(await find_tune(self._storage, tune.parent_id, viewer) if tune.parent_id else None, [])
