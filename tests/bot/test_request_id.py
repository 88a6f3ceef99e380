"""One id names a request in the logs of the bot, the queue and the worker."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
import structlog

from bot import meters
from bot.logs import configure
from storage import Tune, work
from tests.bot.discord.conftest import Stage, stage, stopped_stage, unhurried
from tests.bot.worker import FILES
from tests.storage.examples import COMPOSITION

__all__ = ["stage", "stopped_stage", "unhurried"]


pytestmark = pytest.mark.usefixtures("restored_logging")


async def test_a_request_has_one_id_from_the_command_to_the_message(
    stopped_stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(json=True, level="INFO")
    stage, log = stopped_stage, structlog.get_logger("test")

    async def make(tune: Tune) -> None:
        log.warning("The strings are out of tune.")
        await stage.storage.finish(tune.id, COMPOSITION, FILES, starts=tune.starts)

    worker = asyncio.create_task(work(stage.storage, make, concurrency=1))
    try:
        await stage.start_bot()
        asked = await stage.discord.slash("tune", seed=1)
        await stage.discord.posted()
        together = await stage.discord.slash("set", rhythm="reel")  # more at once would be too many
        await stage.discord.posted(count=2)
        for each in (asked, together):
            async with stage.storage.database.begin() as connection:
                found = await connection.exec_driver_sql("SELECT id FROM tunes WHERE starts_with(event_id, %s)", (each.id,))
                await stage.delivered(next(found.scalars()))
        await stage.stop_bot()
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    said = {id: [line["event"] for line in lines if line.get("request") == id] for id in (asked.id, together.id)}
    made = ["A tune is started.", "The strings are out of tune."]
    assert [event for event in said[asked.id] if event in (*made, "A tune is requested.", "A tune is delivered.")] == [
        "A tune is requested.", *made, "A tune is delivered.",
    ]  # fmt: skip
    assert said[together.id].count("A tune is started.") > 1 and "Tunes are requested." in said[together.id]


def test_problems_are_counted_by_what_our_lines_say_and_by_library() -> None:
    configure(json=True, level="INFO")

    def count(level: str, kind: str) -> float:
        return meters.PROBLEMS.labels(level, kind)._value.get()  # type: ignore[no-any-return]

    before = count("warning", "A string broke."), count("error", "somelibrary")
    structlog.get_logger("test").warning("A string broke.", string="E")
    structlog.get_logger("test").info("All is well.")
    logging.getLogger("somelibrary.part").error("Host %s is away.", "10.0.0.1")
    assert (count("warning", "A string broke."), count("error", "somelibrary")) == (before[0] + 1, before[1] + 1)
    assert ("info", "All is well.") not in meters.PROBLEMS._metrics
