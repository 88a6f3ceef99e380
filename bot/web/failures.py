"""Whatever goes wrong ends in one sentence, as a page or as JSON."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.web.views import Views

_SENTENCES = {
    403: "That is not allowed here.",
    404: "There is no such tune or page here; the address may have been cut short on its way to you.",
    405: "This address cannot be used like that; start from the compose page.",
    413: "That is far more than a tune needs; shorten the opening and send it again.",
    415: "I read forms and JSON only; send the wish as one of them.",
}
_TITLES = {403: "Not from here", 404: "No such tune", 413: "Too long", 500: "Something broke", 503: "Closed for a moment"}
_log = structlog.get_logger(__name__)


def wants_json(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    return request.path.endswith(".json") or ("application/json" in accept and "text/html" not in accept)


def middleware(views: Views) -> Middleware:
    def answer(request: web.Request, status: int, sentence: str) -> web.StreamResponse:
        if wants_json(request):
            return web.json_response({"error": sentence}, status=status, headers={"Cache-Control": "no-store"})
        return views.page("message.html", status=status, title=_TITLES.get(status, "That did not work"), sentence=sentence)

    @web.middleware
    async def friendly(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            said = error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
            known = _SENTENCES.get(error.status, "I could not read that request; start again from the compose page.")
            # aiohttp fills in texts of its own (sizes, methods); only ours are sentences for people.
            sentence = said if error.status == 403 and said else known
            response = answer(request, error.status, sentence)
            response.headers.update({name: error.headers[name] for name in ("Allow", "Content-Range") if name in error.headers})
            return response
        except Exception:
            _log.exception("web request failed", method=request.method, path=request.path)
            return answer(request, 500, "Something went wrong on our side; wait a minute and try again.")

    return friendly
