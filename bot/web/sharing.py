"""What people do with a finished tune: like it, share it, take it back, delete it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.web import form, state
from bot.web.failures import wants_json
from bot.web.views import Views
from bot.web.visitor import remember, tune_at, viewer
from storage.errors import NotAllowed
from storage.storage import Storage
from storage.viewer import owns

NO_COOKIE = "I count one ♥ for each browser, and yours keeps no cookie of this page; allow it and press once more."
NOT_YOURS = "Only whoever asked for this tune can delete it."


class SharingPages:
    """Each answers programs with JSON, and brings people back to the tune's page."""

    def __init__(self, storage: Storage, views: Views) -> None:
        self._storage, self._views = storage, views

    async def like(self, request: web.Request) -> web.Response:
        """`liked` is `yes` or `no`, so that a double click is one; without it the like is turned over."""
        tune, by = await tune_at(self._storage, request), viewer(request)
        if not by.user_id:
            raise web.HTTPForbidden(text=NO_COOKIE)
        sharing = self._storage.sharing
        wanted = _wanted((await form.body(request)).get("liked"))
        try:
            if wanted is None:
                wanted = tune.id not in await sharing.liked([tune.id], by)
            likes = await (sharing.like if wanted else sharing.unlike)(tune.id, by)
        except KeyError:
            raise web.HTTPNotFound from None
        return _answer(request, tune.id, {"likes": likes, "liked": wanted})

    async def share(self, request: web.Request) -> web.Response:
        tune = await tune_at(self._storage, request)
        try:
            shared = await self._storage.sharing.share(tune.id, viewer(request))
        except KeyError:  # deleted a moment ago, or not finished
            raise web.HTTPNotFound from None
        except NotAllowed as error:
            raise web.HTTPForbidden(text=str(error)) from None
        return _answer(request, tune.id, {"shared_at": state.shared_at(shared)})

    async def take_back(self, request: web.Request) -> web.Response:
        tune = await tune_at(self._storage, request)
        try:
            await self._storage.sharing.unshare(tune.id, viewer(request))
        except KeyError:
            raise web.HTTPNotFound from None
        except NotAllowed as error:
            raise web.HTTPForbidden(text=str(error)) from None
        return _answer(request, tune.id, {"shared_at": None})

    async def confirm(self, request: web.Request) -> web.Response:
        """Asks once more before a tune is gone."""
        tune = await tune_at(self._storage, request)
        if not owns(viewer(request), tune):
            raise web.HTTPForbidden(text=NOT_YOURS)
        return self._views.page("delete.html", tune=tune)

    async def delete(self, request: web.Request) -> web.Response:
        """Also a tune that has failed or is still being made."""
        tune = await tune_at(self._storage, request)
        try:
            await self._storage.sharing.delete(tune.id, viewer(request))
        except KeyError:
            raise web.HTTPNotFound from None
        except NotAllowed:
            raise web.HTTPForbidden(text=NOT_YOURS) from None
        if wants_json(request):
            return remember(request, web.json_response({"id": tune.id, "deleted": True}, headers={"Cache-Control": "no-store"}))
        return remember(
            request, self._views.page("message.html", title="Deleted", sentence="The tune is gone, with all of its files.")
        )


def _wanted(value: object) -> bool | None:
    return value if isinstance(value, bool) else {"yes": True, "no": False}.get(str(value))


def _answer(request: web.Request, tune_id: str, told: dict[str, Any]) -> web.Response:
    address = f"/tunes/{tune_id}"
    if wants_json(request):
        body = {"id": tune_id, "address": address} | told
        return remember(request, web.json_response(body, headers={"Cache-Control": "no-store"}))
    return remember(request, web.Response(status=303, headers={"Location": address}))
