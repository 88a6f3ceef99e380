"""pgbouncer before the test's PostgreSQL, in transaction mode: each transaction may get another connection of few."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.patience import HANG_S

CONFIGURATION = """
[databases]
{name} = host={host} dbname={name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 6
max_client_conn = 200
server_round_robin = 1
"""


def is_installed() -> bool:
    return shutil.which("pgbouncer") is not None


@asynccontextmanager
async def pooler(url: str) -> AsyncIterator[str]:
    """The address of the database through pgbouncer."""
    known = conninfo_to_dict(url)
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(name=known["dbname"], host=known["host"], port=port), encoding="utf-8")
    # It does not run as root; the server's user can open the server's socket.
    user = ["-u", Path(str(known["host"])).owner()] if os.getuid() == 0 else []
    process = await asyncio.create_subprocess_exec("pgbouncer", "-q", *user, str(file))
    through = f"postgresql://postgres@127.0.0.1:{port}/{known['dbname']}"
    try:
        async with asyncio.timeout(HANG_S):
            while True:
                try:
                    await (await psycopg.AsyncConnection.connect(through)).close()
                    break
                except psycopg.OperationalError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
        yield through
    finally:
        process.kill()
        await process.wait()
        shutil.rmtree(folder)
