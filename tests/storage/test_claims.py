"""Claims of events: one of several processes handles an event, once."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from storage import Storage, open_storage
from tests.patience import HANG_S
from tests.storage.examples import ROOT, execute

CLAIM_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from storage import open_storage

async def main(url, folder):
    async with open_storage(data_dir=Path(folder), database_url=url) as storage:
        assert await storage.claims.claim("slack", "Ev1")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_one_of_many_who_claim_an_event_at_once_gets_it(storage: Storage, url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url) as other:
        for event in ("Ev1", "Ev2"):
            both = [storage.claims, other.claims] * 5
            assert sorted(await asyncio.gather(*(claims.claim("slack", event) for claims in both))) == [False] * 9 + [True]


async def test_the_same_id_on_another_platform_is_another_event(storage: Storage) -> None:
    assert await storage.claims.claim("slack", "1")
    assert await storage.claims.claim("discord", "1")


async def test_the_claim_of_a_process_that_was_killed_stays(storage: Storage, url: str, tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, url, str(tmp_path)], cwd=ROOT, timeout=HANG_S)
    assert process.returncode == -9
    assert not await storage.claims.claim("slack", "Ev1")


async def test_only_old_claims_are_forgotten(storage: Storage, url: str) -> None:
    await storage.claims.claim("slack", "old")
    execute(url, "UPDATE claims SET claimed_at = now() - interval '3 hours'")
    await storage.claims.claim("slack", "new")
    await storage.claims.forget_before(timedelta(hours=2))
    assert execute(url, "SELECT event_id FROM claims") == [("new",)]
