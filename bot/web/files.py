"""A tune's files, with the byte ranges that browsers need to seek in a recording."""

from __future__ import annotations

import re

from aiohttp import web

from bot.core.naming import slug
from bot.web.security import SVG_POLICY
from bot.web.tune_json import OWNERS_FILE
from bot.web.views import INDEXED
from bot.web.visitor import requested_tune, viewer_of
from storage.storage import Storage
from storage.viewer import owns

# Not the media types in the database: whatever is stored there, no file is served as a page or a script.
MEDIA_TYPES = {
    "abc": "text/vnd.abc",
    "mp3": "audio/mpeg",
    "mid": "audio/midi",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "png": "image/png",
    "svg": "image/svg+xml",
    "json": "application/json",
}
# Short, though files hardly ever change: a tune may be unshared or deleted.
SHARED, PRIVATE = "public, max-age=300", "private, max-age=300"
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


class Files:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, request: web.Request) -> web.Response:
        tune, name = await requested_tune(self._storage, request), request.match_info["name"]
        hidden = name == OWNERS_FILE and not owns(viewer_of(request), tune)
        stored = {file.name: file for file in await self._storage.files(tune.id)}.get(name)
        if hidden or stored is None:
            raise web.HTTPNotFound
        title = tune.composition.title if tune.composition else ""
        suffix = name.rpartition(".")[2]
        media_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
        disposition = "inline" if suffix in MEDIA_TYPES else "attachment"
        public = tune.shared is not None and name != OWNERS_FILE
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": SHARED if public else PRIVATE,
            "Content-Disposition": f'{disposition}; filename="{slug(title)}.{slug(suffix)}"',
            "ETag": f'"{stored.hash}"',
        }
        if public:
            headers |= INDEXED | {"Cross-Origin-Resource-Policy": "cross-origin"}  # for link previews on other sites
        if suffix == "svg":
            headers["Content-Security-Policy"] = SVG_POLICY
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        try:
            content = await self._storage.read(tune.id, name)
        except KeyError:
            raise web.HTTPNotFound from None
        requested_range = request.headers.get("Range", "")
        if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            requested_range = ""
        status, body = 200, content
        # HTTP allows the whole file as the answer to several ranges at once.
        if (part := _RANGE.fullmatch(requested_range)) and any(part.groups()):
            start, stop = _slice(part[1], part[2], len(content))
            if start >= stop:
                raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(content)}"})
            status, body = 206, content[start:stop]
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        charset = "utf-8" if suffix in ("abc", "svg") else None
        return web.Response(body=body, status=status, content_type=media_type, charset=charset, headers=headers)


def _slice(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and stop of `bytes=first-last` in a file of `size` bytes. The slice is empty if there are no such bytes."""
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size
