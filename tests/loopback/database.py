"""A connection to the test's PostgreSQL over TCP that can go silent: it stays open, and nothing arrives any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict


class DatabaseProxy:
    """Forwards TCP connections to a PostgreSQL on a Unix socket. `url` is the address of the database through it.

    While `silent` is set it still accepts connections, and swallows all bytes. That is what a hanging server looks like, and a
    network that is gone. A connection of which it swallowed any byte stays silent: TCP delivers all bytes or none after them.
    """

    url: str
    silent = False

    def __init__(self, url: str) -> None:
        known = conninfo_to_dict(url)
        self._socket, self._name = f"{known['host']}/.s.PGSQL.5432", known["dbname"]
        self._forwarding: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[DatabaseProxy]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"postgresql://postgres@127.0.0.1:{server.sockets[0].getsockname()[1]}/{self._name}"
        try:
            yield self
        finally:
            server.close()
            for task in self._forwarding:
                task.cancel()
            await asyncio.gather(*self._forwarding, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._forward(reader, writer))
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._socket)
        try:
            lossy = asyncio.Event()
            await asyncio.gather(self._pump(reader, to_server, lossy), self._pump(from_server, writer, lossy))
        finally:
            to_server.close()
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lossy: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.silent:
                    lossy.set()
                if not lossy.is_set():
                    writer.write(data)
        writer.close()
