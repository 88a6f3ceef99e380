"""300 people press at once: how soon each is answered, and how fast Discord's limits let their tunes through:

    .venv/bin/python -m tests.benchmarks.discord_crowd

Everything is real except Discord, a stand-in on loopback, and the worker, which composes at once. Prints JSON; times in
milliseconds, but where they are in seconds. Fails where somebody was answered later than Discord allows, a call came too
early or a tune was lost. Run it on an idle machine.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

from storage import open_storage
from tests.bot.discord import crowd
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import FakeDiscord
from tests.loopback.discord_server import ANSWER_S

TIMEOUT_S = 200


async def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_storage(data_dir=Path(folder)) as storage, FakeDiscord() as discord:
            stage = Stage(discord, storage)
            await stage.start_bot()
            async with crowd.fake_worker(stage):
                began = time.perf_counter()
                asked = await crowd.press(stage)
                pressed_s = time.perf_counter() - began
                await crowd.all_delivered(stage, asked, TIMEOUT_S)
                delivered_s = time.perf_counter() - began
            await stage.stop_bot()
    answers = sorted(1000 * one.answered_after_s for one in asked)
    return {
        "presses": len(asked),
        "pressed within (s)": round(pressed_s, 1),
        "answered, p50": round(answers[len(answers) // 2]),
        "answered, p99": round(answers[int(0.99 * len(answers))]),
        "answered, longest": round(answers[-1]),
        "tunes delivered": sum(len(discord.tunes(room)) for room in crowd.ROOMS),
        "all delivered after (s)": round(delivered_s, 1),
        "calls in the busiest second": discord.rates.busiest,
        "calls that came too early": len(discord.rates.exceeded),
    }


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(measure())
    print(json.dumps(found, indent=1))
    late, early = found["answered, longest"] > 1000 * ANSWER_S, found["calls that came too early"] > 0
    lost = found["tunes delivered"] != found["presses"]
    sys.exit(late or early or lost)
