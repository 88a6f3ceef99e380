"""Link previews (Open Graph): title, sheet music and recording, with absolute addresses."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from bot.core.naming import key_name
from bot.web.clients import Clients
from storage.errors import FileMissing, StorageError
from storage.storage import Storage
from storage.tunes import Composition, Tune

MAX_SIZES = 10_000  # images
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@dataclass(frozen=True, slots=True)
class Image:
    address: str
    size: tuple[int, int] | None  # width and height in pixels


@dataclass(frozen=True, slots=True)
class Preview:
    address: str  # canonical
    title: str
    description: str
    image: Image | None = None
    audio: str | None = None
    duration_s: int = 0


def description(composition: Composition) -> str:
    """`Reel in A dorian, 4/4. Sheet music, recording and ABC.`"""
    kind = (composition.rhythm or "tune").capitalize() + (f" in {key_name(composition.key)}" if composition.key else "")
    return f"{', '.join(filter(None, (kind, composition.metre)))}. Sheet music, recording and ABC."


class Previews:
    """Makes the link previews of pages.

    `web_url` is the public address of the page; without it, previews use the host of the request.
    """

    def __init__(self, storage: Storage, web_url: str | None, clients: Clients) -> None:
        self._storage, self._web_url, self._clients = storage, web_url, clients
        self._sizes: dict[str, tuple[int, int] | None] = {}  # a finished tune's sheet hardly ever changes

    async def tune(self, request: web.Request, tune: Tune, composition: Composition, file_names: Collection[str]) -> Preview:
        """The preview of a shared tune."""
        address = f"{self.base(request)}/tunes/{tune.id}"
        image = Image(f"{address}/files/tune.png", await self._size(tune.id)) if "tune.png" in file_names else None
        audio = f"{address}/files/tune.mp3" if "tune.mp3" in file_names else None
        return Preview(address, composition.title, description(composition), image, audio, round(composition.duration_ms / 1000))

    def page(self, request: web.Request, title: str, description: str) -> Preview:
        return Preview(f"{self.base(request)}{request.path}", title, description)

    def base(self, request: web.Request) -> str:
        """The public address of the page."""
        return self._web_url or f"http{'s' if self._clients.is_secure(request) else ''}://{request.host}"

    async def _size(self, tune_id: str) -> tuple[int, int] | None:
        if tune_id not in self._sizes:
            if len(self._sizes) >= MAX_SIZES:
                self._sizes.clear()
            try:
                self._sizes[tune_id] = png_size(await self._storage.read(tune_id, "tune.png", wait_s=0))
            except (KeyError, FileMissing, StorageError):
                return None
        return self._sizes[tune_id]


def png_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None if the content is not a PNG."""
    if not content.startswith(_PNG) or len(content) < len(_PNG) + 8:
        return None
    width, height = struct.unpack_from(">II", content, len(_PNG))
    return width, height
