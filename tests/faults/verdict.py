"""What became of the requests of a run: lost, failed, made or posted twice."""

from __future__ import annotations

from collections import Counter

from tests.faults.product import Product
from tests.faults.report import Report
from tests.loopback.discord import Interaction


async def judge(
    product: Product,
    report: Report,
    *,
    interactions: list[Interaction] | None = None,
    most_starts: int | None = None,
    may_be_made_twice: bool = False,
) -> None:
    """Adds the figures, and checks that each accepted request was finished and posted once."""
    asked = product.requested if interactions is None else interactions
    rows = await product.tunes()
    accepted = [each for each in asked if each.id in rows or product.discord.is_thinking(each)]
    refused = [each for each in asked if each.callback is not None and each not in accepted]
    stored = [rows[each.id] for each in accepted if each.id in rows]
    finished = [row for row in stored if row.status == "finished"]
    posts, made = product.posts(), Counter(entry["tune"] for entry in product.events("tune finished"))
    lost = len(accepted) - sum(row.status in ("finished", "failed") and row.message_id is not None for row in stored)
    failed = [row for row in stored if row.status == "failed"]
    twice = [row.id for row in stored if posts[row.id] > 1]
    unposted = [row.id for row in finished if not posts[row.id]]
    made_twice = [row.id for row in finished if made[row.id] > 1]
    report.figure("requests", len(asked))
    report.figure("accepted", len(accepted))
    report.figure("refused", len(refused))
    report.figure("finished", len(finished))
    report.figure("lost", lost)
    report.figure("posted twice", len(twice))
    report.figure("made twice", len(made_twice))
    report.figure("starts per tune", dict(sorted(Counter(row.starts for row in finished).items())))
    report.check(not lost, f"{lost} accepted requests were lost")
    report.check(not failed, f"failed: {[(row.seed, row.starts, row.error) for row in failed]}")
    report.check(not twice, f"posted twice: {twice}")
    report.check(not unposted, f"finished and not posted: {unposted}")
    report.check(may_be_made_twice or not made_twice, f"made twice: {made_twice}")
    if most_starts is not None:
        often = [(row.seed, row.starts) for row in finished if row.starts > most_starts]
        report.check(not often, f"begun more than {most_starts} times (seed, starts): {often}")
