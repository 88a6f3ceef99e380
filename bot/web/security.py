"""What every answer carries, and which requests are turned away."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

MAX_BODY_BYTES = 64 * 1024  # an opening of 4,000 characters, percent-encoded, several times over

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": with it browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Sheets come from the engraver with styles and fonts inside; as pages of their own they may do nothing else.
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'; sandbox"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("X-Robots-Tag", "noindex")  # what may be found says so
    response.headers["Server"] = "tunesmith"


@web.middleware
async def refuse_cross_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Other sites must not make a visitor's browser compose here."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and not _own(request):
        raise web.HTTPForbidden(text="This form came from another site; open the compose page here and send it again.")
    return await handler(request)


def _own(request: web.Request) -> bool:
    # Browsers send Sec-Fetch-Site to secure addresses and localhost only; programs send neither header.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.host.lower() != ""
