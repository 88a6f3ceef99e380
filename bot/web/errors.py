"""Errors as a short message, on a page or as JSON."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.web.connections import SlowBody
from bot.web.language import translate
from bot.web.throttle import Throttles
from bot.web.views import Views
from generator.request import RequestError
from generator.user_messages import UserMessage
from storage.errors import FileMissing, StorageError, TooManySearches

RETRY_AFTER_S = 10
UNREADABLE = UserMessage("The request could not be read. Start again from the compose page.")
_MESSAGES = {
    403: UserMessage("That is not allowed."),
    404: UserMessage("There is no such page. Check that the address is complete."),
    405: UserMessage("This address doesn't support that. Start from the compose page."),
    408: UserMessage("Your request did not arrive completely. Please send it again."),
    413: UserMessage("That is too much text for a tune. Shorten the opening and send it again."),
    415: UserMessage("Send a form or JSON, in UTF-8."),
}
_UNREACHABLE = UserMessage("My memory can't be reached right now. Please try again in a minute.")
_TOO_MANY = UserMessage("So many people are searching right now that this took too long. Please try again in a minute.")
# The same for a tune that is hidden from the visitor as for one that does not exist.
NO_TUNE = (
    UserMessage("There is no such tune. Perhaps it was deleted, or it is not shared and was made in another browser."),
    UserMessage("No such tune"),
)
OWN_TEXTS = (403, 421, 429, 503)
_TITLES: dict[int, str] = {
    403: UserMessage("Not allowed"),
    404: UserMessage("No such page"),
    413: UserMessage("Too long"),
    500: UserMessage("Something went wrong"),
    503: UserMessage("Not available"),
}
_log = structlog.get_logger(__name__)


def wants_json(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    return request.path.endswith(".json") or ("application/json" in accept and "text/html" not in accept)


def middleware(views: Views) -> Middleware:
    """Turns every exception into a page or into `{"error": translate(message)}`."""
    throttles = Throttles()

    def respond(request: web.Request, status: int, message: str, title: str = "", **further: Any) -> web.StreamResponse:
        if wants_json(request):
            return web.json_response(
                {"error": translate(message)} | further, status=status, headers={"Cache-Control": "no-store"}
            )
        return views.page(
            "message.html", status=status, title=title or _TITLES.get(status, UserMessage("That did not work")), message=message
        )

    def refuse(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
        own_text = error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
        default = _MESSAGES.get(error.status, UNREADABLE)
        # Only the texts of these are ours; aiohttp writes technical texts of its own for other statuses.
        title = ""
        message = own_text if error.status in OWN_TEXTS and own_text else default
        if error.status == 404 and request.path.startswith("/tunes/"):
            message, title = NO_TUNE
        response = respond(request, error.status, message, title)
        kept = ("Allow", "Content-Range", "Retry-After")
        response.headers.update({name: error.headers[name] for name in kept if name in error.headers})
        return response

    @web.middleware
    async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        structlog.contextvars.clear_contextvars()  # of the request before on this connection
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return refuse(request, error)
        except web.RequestPayloadError as error:  # cut off, or not what its headers say
            response = refuse(request, web.HTTPRequestTimeout() if isinstance(error, SlowBody) else web.HTTPBadRequest())
            response.force_close()
            return response
        except RequestError as error:
            return respond(request, 422, error.message, field=error.field)
        except FileMissing as error:
            response = respond(request, 503, error.message)
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
            return response
        except StorageError as error:  # without its traceback: there may be many at once
            if (more := throttles.turn(type(error))) is not None:
                _log.warning("Web requests could not be answered.", path=request.path, error=str(error), more=more)
            response = respond(request, 503, _TOO_MANY if isinstance(error, TooManySearches) else _UNREACHABLE)
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
            return response
        except Exception as error:
            if request.transport is None:  # the visitor left, and nobody reads the answer
                return web.Response(status=400)
            resource = request.match_info.route.resource
            if (more := throttles.turn((type(error), resource and resource.canonical))) is not None:
                _log.exception("A web request failed.", method=request.method, path=request.path, more=more)
            return respond(request, 500, UserMessage("Something went wrong on our side. Please try again in a minute."))

    return show_errors
