"""Form and JSON input on the web page: cleaned text per parameter, and the id of a submission."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping

from aiohttp import web

from bot.core.typed_request import COUNT
from bot.web.asked import IGNORED
from bot.web.fields import OTHER_KEY
from generator.request import PARAMETERS, RequestError, TuneRequest

_LISTS = {IGNORED, *(name for name, parameter in PARAMETERS.items() if parameter.kind is tuple)}
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")


def typed(values: Mapping[str, object]) -> dict[str, str]:
    """Each parameter of a request as text, to be checked and shown again. Raises RequestError for other JSON types."""
    found = {name: text(name, values.get(name)) for name in PARAMETERS}
    if other := text(OTHER_KEY, values.get(OTHER_KEY)).strip():
        found["key"] = other
    return found


def names(value: object) -> frozenset[str]:
    """The names of parameters, or COUNT, in a list of texts or in one text. Others are skipped."""
    several = value if isinstance(value, list) else [value]
    return frozenset(name for name in several if isinstance(name, str) and name in (*PARAMETERS, COUNT))


def filled(request: TuneRequest) -> dict[str, str]:
    """The form's values that make the same request again. The seed stays empty."""
    return {name: parameter.as_text(getattr(request, name)) for name, parameter in PARAMETERS.items()} | {"seed": ""}


async def body(request: web.Request) -> Mapping[str, object]:
    """The fields of a form or of a JSON object; empty without a body. Raises HTTPBadRequest, HTTPUnsupportedMediaType."""
    if not request.can_read_body:
        return {}
    if (request.charset or "utf-8").lower() not in _CHARSETS:
        raise web.HTTPUnsupportedMediaType
    if request.content_type == "application/x-www-form-urlencoded":
        try:
            sent = await request.post()
        except ValueError:
            raise web.HTTPBadRequest from None
        # A switch is sent after a hidden field with its other value, so the last value counts; checkboxes are lists.
        return {name: sent.getall(name) if name in _LISTS else sent.getall(name)[-1] for name in sent}
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        values = await request.json()
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest from None
    if not isinstance(values, dict):
        raise web.HTTPBadRequest
    return values


def new_token() -> str:
    return secrets.token_urlsafe(16)


def event_id(token: object, values: Mapping[str, str]) -> str:
    """The id of a submission, which is accepted once.

    It includes the values: a visitor who goes back and changes a field sends the same token but requests another tune.
    """
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        token = new_token()
    digest = hashlib.sha256("\0".join(f"{name}={values[name]}" for name in sorted(values)).encode())
    return f"{token}:{digest.hexdigest()[:16]}"


def text(name: str, value: object) -> str:
    """The value as text, without characters that the database or a page cannot hold. Raises RequestError for other types.

    A parameter with several values may be a list of texts.
    """
    if value is None:
        return ""
    several = name in PARAMETERS and PARAMETERS[name].kind is tuple
    if several and isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RequestError(name, f"{name.capitalize()} must be a text{' or a list of texts' if several else ' or a number'}.")
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs"))
