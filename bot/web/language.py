"""The language of a visitor, from the browser's Accept-Language, and the page's texts in it."""

from __future__ import annotations

from contextvars import ContextVar

from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup, escape

from bot.languages import Language, language
from generator.user_messages import LANGUAGES, UserMessage

_current: ContextVar[Language] = ContextVar("language")
_Message = UserMessage  # by another name: the literals are in the templates, where the catalogues find them


def preferred(accept: str) -> Language:
    """The catalogue that a browser prefers, by an Accept-Language header such as `gd, ga;q=0.8, en;q=0.5`; else English."""
    weights: dict[str, float] = {}
    for entry in accept.lower().split(",")[:20]:
        name, _, parameter = entry.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        short = name.strip().partition("-")[0]
        if short in LANGUAGES:
            weights.setdefault(short, weight)
    wanted = {code: weight for code, weight in weights.items() if weight > 0}
    return language(max(wanted, key=lambda code: wanted[code]) if wanted else None)


def current() -> Language:
    """The language of the request that is being answered."""
    return _current.get(language(None))


def translate(message: str) -> str:
    """A message in the visitor's language. Text that a visitor typed is no message, and stays as it is."""
    return current()(message) if isinstance(message, UserMessage) else message


def text(template: str, plural: str = "", /, **values: object) -> Markup:
    """A text of a template: `_("Play {title}", title=tune.title)`. Values are escaped, unless they are markup."""
    escaped = {name: value if isinstance(value, int) else escape(finalize(value)) for name, value in values.items()}
    return Markup(current()(_Message(template, plural, **escaped)))  # noqa: S704  # our own texts, with escaped values


def finalize(value: object) -> object:
    """Translates the messages that a template shows."""
    return current()(value) if isinstance(value, UserMessage) else value


def capital(words: str) -> str:
    """With a capital letter at the beginning; the others stay as they are."""
    return words[:1].upper() + words[1:]


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers in the visitor's language. What has texts depends on the header, and caches must know."""
    chosen = _current.set(preferred(request.headers.get("Accept-Language", "")))
    try:
        response = await handler(request)
        if response.content_type in ("text/html", "application/json", "application/manifest+json") and not response.prepared:
            response.headers["Vary"] = "Accept-Language"
        return response
    finally:
        _current.reset(chosen)
