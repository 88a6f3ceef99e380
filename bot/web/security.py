"""Security headers of every response, and the check for cross-site requests."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.access import Access
from bot.web.clients import Clients
from bot.web.language import translate
from generator.user_messages import UserMessage

OTHER_SITE = UserMessage("This form came from another site. Open the compose page here and send it again.")
MAX_BODY_BYTES = 64 * 1024  # several times an opening of 4,000 percent-encoded characters

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer", browsers would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Sheet music contains styles and fonts. Opened as a page, it may load and run nothing else.
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'; sandbox"

# The player, in a frame of Slack's clients: in a browser and on the desktop, for governments, and on phones.
FRAMED_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; "
    "frame-ancestors https://*.slack.com https://*.slack-gov.com https://*.slack-mcps.com"
)

HSTS = "max-age=31536000"
WRONG_HOST = UserMessage("This page doesn't know that it has this name. Whoever runs it can put the name into WEB_HOSTS.")
_HOST = re.compile(r"([\w.-]+|\[[\da-f:.]+\])(:\d*)?", re.ASCII | re.IGNORECASE)


class Guard:
    """Refuses requests that no page of ours makes, and adds the headers."""

    def __init__(self, access: Access, clients: Clients) -> None:
        self._access, self._clients = access, clients

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host and not _HOST.fullmatch(request.host):
            raise web.HTTPBadRequest
        if not self._access.allows_host(request.host):
            raise web.HTTPMisdirectedRequest(text=translate(WRONG_HOST))
        if request.method not in ("GET", "HEAD", "OPTIONS") and not self._is_same_origin(request):
            raise web.HTTPForbidden(text=translate(OTHER_SITE))
        return await handler(request)

    def _is_same_origin(self, request: web.Request) -> bool:
        # Browsers send Sec-Fetch-Site only to secure addresses and localhost. Programs send neither header.
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = request.headers.get("Origin")
        if origin is None or origin == self._access.web_url:
            return True
        try:
            return urlsplit(origin).netloc.lower() == request.host.lower() != ""
        except ValueError:  # such as `http://[`
            return False

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        await add_headers(request, response)
        if self._clients.is_secure(request):
            response.headers["Strict-Transport-Security"] = HSTS


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.headers["Content-Security-Policy"] == FRAMED_POLICY:
        del response.headers["X-Frame-Options"]  # it knows no exceptions
    response.headers.setdefault("X-Robots-Tag", "noindex")  # pages for search engines set it themselves
    response.headers["Server"] = "tunesmith"
