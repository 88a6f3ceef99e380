"""A stranger sends the bot everything that can be sent, with the id of every hidden tune, from every kind of place."""

from __future__ import annotations

import pytest
import structlog

from storage import open_storage
from tests.bot.discord.conftest import Stage
from tests.bot.discord.test_strangers import PLACES, forge, lift_limits
from tests.faults.report import Report, fault
from tests.loopback.discord import FakeDiscord


@fault("strangers", promise="what is private is shown to nobody else", limit_s=900)
async def strangers(report: Report) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, structlog.testing.capture_logs():
        lift_limits(monkeypatch)
        async with open_storage(data_dir=report.folder) as storage, FakeDiscord() as discord:
            stage = Stage(discord, storage)
            await stage.start_bot()
            try:
                report.figure("forged", await forge(stage, lambda _place, _number: True))
                report.figure("places", len(PLACES))
            finally:
                await stage.stop_bot()
