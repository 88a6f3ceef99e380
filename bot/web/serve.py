"""Runs the web server."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.core.desk import Desk
from bot.settings import Settings
from bot.web import security
from bot.web.access import Access
from bot.web.app import make_app
from bot.web.clients import LOOPBACK, Network
from bot.web.connections import Runner
from bot.web.examples import shipped
from bot.web.health import Health
from storage.storage import Storage

SHUTDOWN_S = 5.0
_log = structlog.get_logger(__name__)


class WebError(Exception):
    """The page cannot be served. The message tells the operator what to do."""


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, trusted_proxies: Sequence[Network] = LOOPBACK
) -> AsyncIterator[str]:
    """Serves the application and yields its address. Port 0 takes a free port. Raises WebError."""
    runner = Runner(app, trusted=trusted_proxies, shutdown_s=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise WebError(bind_error(error, host, port)) from error
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def run(
    settings: Settings,
    desk: Desk,
    storage: Storage,
    parts: Mapping[str, Callable[[], bool]] = {},
    routes: Sequence[web.RouteDef] = (),
) -> None:
    """Serves the page, and routes of other parts, until cancelled. Raises WebError if it cannot listen on the address."""
    access = Access.of(settings)
    app = make_app(storage=storage, desk=desk, parts=parts, access=access, routes=routes, examples=shipped())
    async with serving(app, settings.web_host, settings.web_port, access.trusted_proxies) as address:
        _log.info("The web page is ready.", address=address)
        await asyncio.Event().wait()


async def run_routes(
    settings: Settings, storage: Storage, parts: Mapping[str, Callable[[], bool]], routes: Sequence[web.RouteDef]
) -> None:
    """Serves only routes of other parts, and `/health`, until cancelled. Raises WebError as `run`."""
    app = web.Application()
    app.add_routes([*routes, web.get("/health", Health(storage, parts).get)])
    app.on_response_prepare.append(security.add_headers)
    async with serving(app, settings.web_host, settings.web_port, Access.of(settings).trusted_proxies):
        await asyncio.Event().wait()


def bind_error(error: OSError, host: str, port: int, setting: str = "WEB_PORT") -> str:
    """What to tell the operator when the port of a setting cannot be used."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program. Stop it, or set {setting} to a free port."
    if error.errno == errno.EACCES:
        return f"Tunesmith may not listen on port {port}. Set {setting} to a number above 1023."
    return f"The web page cannot listen on {host}. Set WEB_HOST to an address of this machine, such as 127.0.0.1."
