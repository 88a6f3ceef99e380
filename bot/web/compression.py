"""Compresses texts: pages, sheet music and JSON become a quarter as large."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web import ContentCoding

MIN_BYTES = 1_000  # less fits into one packet anyway
_TYPES = {"text/html", "text/css", "text/javascript", "text/plain", "text/vnd.abc", "image/svg+xml"}
_TYPES |= {"application/json", "application/vnd.recordare.musicxml+xml", "application/manifest+json"}


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not isinstance(response, web.Response) or response.content_type not in _TYPES or response.status != 200:
        return response
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    if isinstance(response.body, bytes) and len(response.body) >= MIN_BYTES and _takes_gzip(request):
        response.enable_compression(ContentCoding.gzip)
        response.headers.pop("Accept-Ranges", None)  # the ranges would be those of the compressed file
        if etag := response.headers.get("ETag"):
            response.headers["ETag"] = f"W/{etag}"
    return response


def _takes_gzip(request: web.Request) -> bool:
    codings = [coding.replace(" ", "").lower() for coding in request.headers.get("Accept-Encoding", "").split(",")]
    return any(coding.partition(";")[0] == "gzip" and not coding.endswith(";q=0") for coding in codings)
