"""Routes that like, share, unshare and delete a tune."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.core.reactions import share, toggle_like
from bot.web import form
from bot.web.errors import wants_json
from bot.web.language import translate
from bot.web.limits import Limits
from bot.web.tune_json import shared_at
from bot.web.views import Views
from bot.web.visitor import requested_tune, viewer_of, with_cookie
from generator.user_messages import UserMessage
from storage.errors import NotAllowed
from storage.storage import Storage
from storage.viewer import owns

NO_COOKIE = UserMessage(
    "Each browser can like a tune once, and your browser keeps no cookie of this page. Allow the cookie and try again."
)
DELETED = UserMessage("The tune and all its files are deleted.")
NOT_THE_OWNER = UserMessage("Only the owner of this tune can delete it.")


class SharingPages:
    """Programs get JSON. Browsers are sent back to the tune's page."""

    def __init__(self, storage: Storage, views: Views, limits: Limits) -> None:
        self._storage, self._views, self._limits = storage, views, limits

    async def like(self, request: web.Request) -> web.Response:
        """`liked` is `yes` or `no`, so that a double click counts once. Without it, the like is toggled."""
        tune, viewer = await requested_tune(self._storage, request), viewer_of(request)
        if not viewer.user_id:
            raise web.HTTPForbidden(text=translate(NO_COOKIE))
        wanted = _yes_or_no((await form.body(request)).get("liked"))
        network = self._limits.network(request)
        self._limits.likes.take(network)
        if wanted is not False:
            self._limits.likes_of_a_tune.take(f"{network} {tune.id}")
        try:
            likes, liked = await toggle_like(self._storage, tune.id, viewer, liked=wanted)
        except KeyError:
            raise web.HTTPNotFound from None
        return _respond(request, tune.id, {"likes": likes, "liked": liked})

    async def share(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        try:
            shared = await share(self._storage, tune, viewer_of(request))
        except KeyError:  # deleted a moment ago, or not finished
            raise web.HTTPNotFound from None
        except NotAllowed as error:
            raise web.HTTPForbidden(text=translate(error.message)) from None
        return _respond(request, tune.id, {"shared_at": shared_at(shared)})

    async def unshare(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        try:
            await self._storage.sharing.unshare(tune.id, viewer_of(request))
        except KeyError:
            raise web.HTTPNotFound from None
        except NotAllowed as error:
            raise web.HTTPForbidden(text=translate(error.message)) from None
        return _respond(request, tune.id, {"shared_at": None})

    async def confirm_delete(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        if not owns(viewer_of(request), tune):
            raise web.HTTPForbidden(text=translate(NOT_THE_OWNER))
        return self._views.page("delete.html", tune=tune)

    async def delete(self, request: web.Request) -> web.Response:
        """Deletes a tune in any state: also one that is unfinished or has failed."""
        tune = await requested_tune(self._storage, request)
        try:
            await self._storage.sharing.delete(tune.id, viewer_of(request))
        except KeyError:
            raise web.HTTPNotFound from None
        except NotAllowed:
            raise web.HTTPForbidden(text=translate(NOT_THE_OWNER)) from None
        if wants_json(request):
            deleted = web.json_response({"id": tune.id, "deleted": True}, headers={"Cache-Control": "no-store"})
            return with_cookie(request, deleted)
        page = self._views.page("message.html", title=UserMessage("Deleted"), message=DELETED)
        return with_cookie(request, page)


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else {"yes": True, "no": False}.get(str(value))


def _respond(request: web.Request, tune_id: str, changes: dict[str, Any]) -> web.Response:
    address = f"/tunes/{tune_id}"
    if wants_json(request):
        body = {"id": tune_id, "address": address} | changes
        return with_cookie(request, web.json_response(body, headers={"Cache-Control": "no-store"}))
    return with_cookie(request, web.Response(status=303, headers={"Location": address}))
