"""An S3-compatible store on loopback: the server of moto, in an environment of its own, which keeps all in memory.

botocore, which moto needs, expects an older dateutil than the program uses. So it is installed by its own list of versions and
hashes, from PyPI, the first time that it is needed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientError, ClientSession

from tests.documentation import ROOT
from tests.patience import HANG_S

NAME, REGION = "tunes", "us-east-1"
LOCK = ROOT / "locks/requirements-moto.lock"
UV = Path(sys.executable).parent / "uv"


@dataclass(frozen=True)
class Bucket:
    address: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to store its files here."""
        return {
            "FILES_URL": f"s3://{NAME}/files",
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": REGION,
        }

    async def count(self) -> int:
        """The number of files stored, at most 1,000."""
        async with ClientSession() as session, session.get(f"{self.address}/{NAME}", params={"list-type": "2"}) as answer:
            return (await answer.text()).count("<Key>")


@asynccontextmanager
async def bucket() -> AsyncIterator[Bucket]:
    with tempfile.TemporaryDirectory(prefix="tunes-", ignore_cleanup_errors=True) as folder:
        python = Path(folder) / "bin/python"
        await _run(UV, "venv", "--quiet", "--python", sys.executable, "--allow-existing", folder)
        await _run(UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", LOCK)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        server = await asyncio.create_subprocess_exec(
            python.with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port),
            env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        found = Bucket(f"http://127.0.0.1:{port}")
        try:
            async with asyncio.timeout(HANG_S), ClientSession(found.address) as session:
                while True:
                    try:
                        async with session.put(f"/{NAME}") as answer:
                            answer.raise_for_status()
                            break
                    except ClientError:
                        assert server.returncode is None
                        await asyncio.sleep(0.1)
            yield found
        finally:
            if server.returncode is None:
                server.kill()
            await server.wait()


async def _run(*command: Path | str) -> None:
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0, f"{command} failed"
