"""Discord's faults: every fault of a call at every step from a request to its message, and faults of the place."""

from __future__ import annotations

import traceback

from storage import open_storage
from tests.bot.discord.discord_faults import TWICE, deliver_through, scenarios
from tests.faults.report import Report, fault


@fault("discord", promise="each tune is posted once, or once more where the bot can no longer see", limit_s=1_800)
async def discord_faults(report: Report) -> None:
    kept = 0
    async with open_storage(data_dir=report.folder) as storage:
        for step, name in scenarios():
            try:
                await deliver_through(storage, step, name)
                kept += 1
            except Exception:
                report.check(False, f"{name} at {step}: {traceback.format_exc()}")
    report.figure("posted once", f"{kept - len(TWICE)} of {len(scenarios()) - len(TWICE)}")
    report.figure("may be posted twice", len(TWICE))
