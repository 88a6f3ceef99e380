"""Templates and static files, loaded once at the start."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.core.naming import key_name, nearest
from bot.web import language
from generator.notation.names import translatable
from generator.user_messages import UserMessage
from storage.tunes import Composition

FOREVER = "public, max-age=31536000, immutable"
INDEXED = {"X-Robots-Tag": "all"}
_PLUS = "+"  # between the names of styles that are sent as one file
_STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class _Static:
    body: bytes
    media_type: str
    address: str


class Views:
    """Renders pages and serves static files.

    The addresses of static files contain a digest of all of them, so that browsers may cache them forever, and so that scripts
    and styles can name each other by relative addresses.
    """

    def __init__(self) -> None:
        folder = Path(__file__).parent / "static"
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _STATIC_TYPES)
        bodies = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        digest = hashlib.sha256(b"".join(name.encode() + body for name, body in bodies.items())).hexdigest()[:12]
        self._static = {
            name: _Static(body, _STATIC_TYPES[Path(name).suffix], f"/static/{digest}/{name}") for name, body in bodies.items()
        }
        self._templates = Environment(
            loader=PackageLoader(__package__ or "bot.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=language.finalize,
        )
        self._templates.filters |= {
            "key_name": key_name,
            "nearest": nearest,
            "clock": clock,
            "day": day,
            "named": named,
            "translated": language.translate,
            "capital": language.capital,
        }
        self._templates.globals |= {
            "static": self.address,
            "stylesheet": self._stylesheet,
            "_": language.text,
            "kind": kind,
        }

    def address(self, name: str) -> str:
        """The address of a static file."""
        return self._static[name].address

    def _stylesheet(self, names: Sequence[str]) -> str:
        """The address of several styles as one file: each request delays the first picture of a page."""
        return _PLUS.join([self.address(f"{names[0]}.css"), *(f"{name}.css" for name in names[1:])])

    def body(self, name: str) -> bytes:
        """The content of a static file."""
        return self._static[name].body

    def page(self, template: str, *, status: int = 200, indexed: bool = False, **context: Any) -> web.Response:
        """`indexed`: whether search engines may index the page."""
        text = self._templates.get_template(template).render(
            {"here": "", "preview": None} | context, indexed=indexed, language=language.current().code
        )
        # A page contains a form token. A cached page would send the old token again.
        headers = {"Cache-Control": "no-store", "Content-Language": language.current().code} | (INDEXED if indexed else {})
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)

    async def static(self, request: web.Request) -> web.Response:
        first, *others = request.match_info["name"].split(_PLUS)
        file = self._static.get(first)
        if file is None or not all(name.endswith(".css") and name in self._static for name in others):
            raise web.HTTPNotFound
        body = b"".join([file.body, *(self._static[name].body for name in others)])
        # An old digest gets the current file, but browsers must not cache it under the old address.
        caching = FOREVER if request.path.startswith(file.address) else "no-cache"
        charset = None if file.media_type.startswith("font/") else "utf-8"
        return web.Response(body=body, content_type=file.media_type, charset=charset, headers={"Cache-Control": caching})


def kind(composition: Composition) -> str:
    """`Reel in A dorian`."""
    rhythm = translatable(composition.rhythm) if composition.rhythm else UserMessage("tune")
    if not composition.key:
        return language.capital(language.translate(rhythm))
    return language.capital(language.text("{rhythm} in {key}", rhythm=rhythm, key=key_name(composition.key)))


def clock(duration_ms: int) -> str:
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    return f"{minutes}:{seconds:02}"


def day(moment: datetime) -> str:
    here = language.current().locale
    return format_date(moment.astimezone(UTC), "d MMMM y" if here.language == "en" else "long", locale=here)


def named(name: str | None) -> str:
    """The translated name of a rhythm, an instrument or an omission."""
    return language.translate(translatable(name or ""))
