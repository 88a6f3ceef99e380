"""The bot as a separate process that is killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage import Status, Storage
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import FakeDiscord
from tests.patience import HANG_S

BOT = f"""
import asyncio
from bot.core.desk import Desk
from bot.discord.core import limits
from bot.discord.start import DiscordSide
from bot.settings import Settings
from storage import open_storage

limits.STORE_FIRST_S = {HANG_S}  # a busy machine stores first, too

async def main():
    settings = Settings(_env_file=None)
    async with open_storage(data_dir=settings.data_dir, database_url=settings.database_url.get_secret_value()) as storage:
        desk = Desk(storage, open_requests_per_person=3)
        await asyncio.gather(desk.run(), DiscordSide(settings, desk, storage).run())

asyncio.run(main())
"""


@asynccontextmanager
async def process(discord: FakeDiscord, data_dir: Path, url: str) -> AsyncIterator[None]:
    """Runs the bot; kills it with SIGKILL at the end."""
    environment = os.environ | discord.environment | {"DATABASE_URL": url, "DATA_DIR": str(data_dir)}
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", BOT, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        await discord.connected()
        yield
    finally:
        bot.kill()
        await bot.wait()
        while discord.gateway.connected.is_set():
            await asyncio.sleep(0.01)


async def test_a_killed_bot_posts_its_tune_once_after_the_next_start(storage: Storage, tmp_path: Path, url: str) -> None:
    async with FakeDiscord() as discord:
        stage = Stage(discord, storage)
        async with process(discord, tmp_path, url):
            asked = await discord.slash("tune", rhythm="reel")
            tune = await stage.accepted(asked)
            await storage.start(tune.id)
            await storage.progress(tune.id, status=Status.COMPOSING, bars=5)
            await discord.until(lambda: "5 bars" in (discord.card(asked) or {})["content"])
        async with process(discord, tmp_path, url):
            await stage.compose(tune.id)
            [message] = await discord.posted()
            assert await stage.delivered(tune.id) == message["id"]
        assert discord.messages_in() == [message]
