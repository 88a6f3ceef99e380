"""The connections of the page: how long they may be silent, how many there may be, and the answer to what is not HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpProcessingError, RawRequestMessage
from aiohttp.streams import StreamReader

from bot import descriptors
from bot.web.clients import LOOPBACK, Network, is_in, network_of, parse_address
from bot.web.throttle import Throttles

FIRST_REQUEST_S = 20.0  # to send the head of the first request
KEEPALIVE_S = 75.0  # to send the next one; proxies close earlier, so that none sends to a connection that is being closed
BODY_S = 20.0  # to send the whole body
LINGERING_S = 2.0  # to send the rest of a body that nobody reads
UNREAD_S = 30.0  # to receive what was sent
CONNECTIONS = 2_000
CONNECTIONS_PER_NETWORK = 100  # a browser opens six; a proxy that is trusted opens as many as it likes
RETRY_AFTER_S = 10

MALFORMED = "The request could not be read. Please send it again.\n"
_FULL = "There are too many connections at the moment. Please try again in a few seconds.\n"
_HEADERS = {"Server": "tunesmith", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_REFUSAL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    + "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())
    + f"Content-Length: {len(_FULL)}\r\nRetry-After: {RETRY_AFTER_S}\r\nConnection: close\r\n\r\n{_FULL}"
).encode()
_log = structlog.get_logger(__name__)


class SlowBody(web.RequestPayloadError):
    """The body of a request did not arrive in time."""


class Runner(web.AppRunner):
    """Serves an application over connections with time-outs and caps. `trusted` are the networks of proxies."""

    def __init__(self, app: web.Application, *, trusted: Sequence[Network] = LOOPBACK, shutdown_s: float) -> None:
        super().__init__(app, access_log=None, shutdown_timeout=shutdown_s)
        self._trusted = trusted

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        options = {"keepalive_timeout": KEEPALIVE_S, "lingering_time": LINGERING_S, "access_log": None}
        return Connections(server, self._trusted, options)


class Connections(web.Server):
    """Makes a connection of each socket, if there is room for it."""

    def __init__(self, server: web.Server, trusted: Sequence[Network], options: dict[str, Any]) -> None:
        super().__init__(server.request_handler, request_factory=self._request)
        self._make, self._trusted, self._options = server.request_factory, trusted, options
        self._by_network: Counter[str] = Counter()
        self.throttles = Throttles()

    def __call__(self) -> web.RequestHandler:
        return Connection(self, self._options)

    def network(self, peer: object) -> str:
        """The network that a socket counts for; empty for a proxy."""
        address = parse_address(str(peer[0])) if isinstance(peer, tuple) else None
        return "" if address is None or is_in(address, self._trusted) else network_of(address)

    def open(self, network: str) -> bool:
        """Counts a connection. False if there is no room for it."""
        # Half of what may be open is left for the database, files and Discord.
        most = min(CONNECTIONS, descriptors.limit() // 2)
        if self._by_network.total() >= most or (network and self._by_network[network] >= CONNECTIONS_PER_NETWORK):
            return False
        self._by_network[network] += 1
        return True

    def close(self, network: str) -> None:
        self._by_network[network] -= 1
        if not self._by_network[network]:
            del self._by_network[network]

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        assert isinstance(protocol, Connection)
        protocol.got_request()
        if not payload.is_eof():
            asyncio.get_running_loop().call_later(BODY_S, _give_up, payload)
        return self._make(message, payload, protocol, writer, task)


def _give_up(payload: StreamReader) -> None:
    if not payload.is_eof() and payload.exception() is None:
        payload.set_exception(SlowBody())


class Connection(web.RequestHandler):
    __slots__ = ("_connections", "_first_request", "_network")

    def __init__(self, connections: Connections, options: dict[str, Any]) -> None:
        super().__init__(connections, loop=asyncio.get_running_loop(), **options)
        self._connections, self._network = connections, ""
        self._first_request: asyncio.TimerHandle | None = None  # set as long as the connection counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._network = self._connections.network(transport.get_extra_info("peername"))
        if not self._connections.open(self._network):
            if (more := self._connections.throttles.turn("full")) is not None:
                _log.warning("There are too many connections; further ones are refused.", more=more)
            transport.write(_REFUSAL)
            transport.close()
            return
        if option := getattr(socket, "TCP_USER_TIMEOUT", None):  # Linux
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, int(UNREAD_S * 1000))
        self._first_request = asyncio.get_running_loop().call_later(FIRST_REQUEST_S, self.force_close)
        super().connection_made(transport)

    def got_request(self) -> None:
        if self._first_request is not None:
            self._first_request.cancel()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._first_request is not None:
            self._first_request.cancel()
            self._connections.close(self._network)
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, and to errors outside of all handlers."""
        self.log_exception("A request could not be handled.", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("The response has begun.")
        text = MALFORMED if status < 500 else "Something went wrong on our side. Please try again in a minute.\n"
        response = web.Response(status=status, text=text, headers=_HEADERS)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        error = kw.get("exc_info")
        more = self._connections.throttles.turn(type(error))
        if more is None:
            return
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            _log.info("A request could not be read.", reason=type(error).__name__, more=more)
        else:
            _log.error(str(args[0]) if args else "A connection failed.", exc_info=error, more=more)
