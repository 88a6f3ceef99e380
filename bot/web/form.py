"""What somebody filled in, on the page or as JSON, becomes a TuneRequest."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from json import JSONDecodeError

from aiohttp import web

from generator.notation.opening_modes import OPENING_MODES
from generator.request import MAX_TEMPO, MIN_TEMPO, STRUCTURES, USUAL_STRENGTH, RequestError, TuneRequest

BACKINGS = ("with", "without")
FIELDS = (
    "rhythm", "key", "metre", "opening", "mode", "strength", "structure", "temperature", "tempo", "seed", "title", "instrument",
    "backing", "without", "model",
)  # fmt: skip
_TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")


def typed(values: Mapping[str, object]) -> dict[str, str]:
    """Each field as text, ready to be shown again; raises RequestError where JSON holds something else."""
    return {name: text(name, values.get(name)) for name in FIELDS}


def wish(values: Mapping[str, str]) -> TuneRequest:
    """The request that `typed` values make; raises RequestError."""
    return TuneRequest.check(
        rhythm=values["rhythm"],
        key=values["key"],
        metre=values["metre"],
        opening=values["opening"],
        mode=values["mode"],
        strength=_whole("strength", values["strength"]),
        structure=values["structure"],
        temperature=_number("temperature", values["temperature"], "The temperature is a number from 0.1 (steady) to 2 (wild)."),
        tempo=_number("tempo", values["tempo"], f"The tempo is a number from {MIN_TEMPO:g} (slow) to {MAX_TEMPO:g} (fast)."),
        seed=_whole("seed", values["seed"]),
        title=values["title"],
        instrument=values["instrument"],
        backing=_backing(values["backing"]),
        without=values["without"],
        model=values["model"],
    )


def filled(request: TuneRequest) -> dict[str, str]:
    """The form as it would be filled in to ask for the same once more; the seed is left open."""
    return {
        "rhythm": request.rhythm or "",
        "key": request.key or "",
        "metre": request.metre or "",
        "opening": request.opening,
        "mode": "" if request.mode == OPENING_MODES[0] else request.mode,
        "strength": "" if request.strength == USUAL_STRENGTH else str(request.strength),
        "structure": "" if request.structure == STRUCTURES[0] else request.structure,
        "temperature": "" if request.temperature == 1 else f"{request.temperature:g}",
        "tempo": "" if request.tempo == 1 else f"{request.tempo:g}",
        "seed": "",
        "title": request.title,
        "instrument": request.instrument,
        "backing": "" if request.backing else BACKINGS[1],
        "without": ", ".join(request.without),
        "model": request.model,
    }


async def body(request: web.Request) -> Mapping[str, object]:
    """What a form or JSON hands in; empty where nothing is. Raises HTTPBadRequest, HTTPUnsupportedMediaType."""
    if not request.can_read_body:
        return {}
    if request.content_type == "application/x-www-form-urlencoded":
        return await request.post()
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        values = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, LookupError, RecursionError, ValueError):
        raise web.HTTPBadRequest from None
    if not isinstance(values, dict):
        raise web.HTTPBadRequest
    return values


def new_token() -> str:
    return secrets.token_urlsafe(16)


def event(token: object, values: Mapping[str, str]) -> str:
    """The id under which the desk accepts a form once.

    The values belong to it: whoever goes back and changes a field asks for another tune with the same token.
    """
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        token = new_token()
    digest = hashlib.sha256("\0".join(f"{name}={values[name]}" for name in sorted(values)).encode())
    return f"{token}:{digest.hexdigest()[:16]}"


def text(name: str, value: object) -> str:
    """What was typed, without what cannot be kept or shown; raises RequestError where JSON holds something else."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RequestError(name, f"The {name} is a text or a number.")
    # Line ends as on every other way in, and nothing that a database or a page cannot hold.
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs"))


def _number(name: str, text: str, sentence: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.strip()[:20].replace(",", "."))
    except ValueError:
        raise RequestError(name, sentence) from None


def _backing(text: str) -> bool:
    if text.strip() not in ("", *BACKINGS):
        raise RequestError("backing", "The tune is played with or without a backing.")
    return text.strip() != BACKINGS[1]


def _whole(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    if not _WHOLE.fullmatch(text.strip()):
        raise RequestError(name, f"The {name} is a whole number; leave it open and I pick one.")
    return int(text)
