"""Slack's faults: every fault of a call at every call from a request to its message, refusals, and faults of the place."""

from __future__ import annotations

import traceback

from storage.storage import open_storage
from tests.bot.slack.slack_faults import deliver_through, scenarios
from tests.faults.report import Report, fault


@fault("slack-faults", promise="each tune is posted once, and a card at most is left over", limit_s=1_800)
async def slack_faults(report: Report) -> None:
    kept, cards = 0, 0
    async with open_storage(data_dir=report.folder) as storage:
        for step, name in scenarios():
            try:
                cards += await deliver_through(storage, step, name)
                kept += 1
            except Exception:
                report.check(False, f"{name} at {step}: {traceback.format_exc()}")
    report.figure("posted once, or refused for good", f"{kept} of {len(scenarios())}")
    report.figure("cards left over", cards)
