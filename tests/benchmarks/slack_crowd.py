"""100 people use the Slack app at once: how soon each is acknowledged, and how fast Slack's limits let their tunes through:

    .venv/bin/python -m tests.benchmarks.slack_crowd

Everything is real except Slack, a stand-in on loopback with Slack's limits, and the worker, which composes at once. Prints JSON;
times in milliseconds, but where they are in seconds. Fails where somebody was acknowledged later than Slack allows, a call came
too early or a tune was lost. Run it on an idle machine: it takes about five minutes.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import structlog

from storage.storage import open_storage
from tests.bot.slack import crowd
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import FakeSlack
from tests.loopback.slack_limits import ACK_S

TIMEOUT_S = 900


async def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_storage(data_dir=Path(folder)) as storage, FakeSlack(stretch=1.0) as slack:
            stage = Stage(slack, storage)
            await stage.start_app()
            _, message = await stage.posted()
            async with crowd.fake_worker(stage):
                began = time.perf_counter()
                asked = await crowd.press(stage, message)
                await asyncio.gather(*(slack.acked(sent, TIMEOUT_S) for sent in asked))
                acknowledged_s = time.perf_counter() - began
                await crowd.all_delivered(stage, asked, TIMEOUT_S)
                delivered_s = time.perf_counter() - began
            posted = crowd.posted(stage)
            await stage.stop_app()
    acks = sorted(1000 * sent.ack_s for sent in asked)
    return {
        "presses": len(asked),
        "acknowledged, p50": round(acks[len(acks) // 2]),
        "acknowledged, p99": round(acks[int(0.99 * len(acks))]),
        "acknowledged, longest": round(acks[-1]),
        "all acknowledged after (s)": round(acknowledged_s, 1),
        "tunes delivered": len(posted),
        "tunes posted twice": sum(count > 1 for count in posted.values()),
        "all delivered after (s)": round(delivered_s, 1),
        "calls": len(slack.calls),
        "calls that came too early": len(slack.state.rates.exceeded),
        **{f"too early: {name}": count for name, count in Counter(slack.state.rates.exceeded).items()},
        "other rules broken": len(slack.state.breaches),
    }


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(measure())
    print(json.dumps(found, indent=1))
    late = found["acknowledged, longest"] > 1000 * ACK_S
    lost = found["tunes delivered"] != found["presses"] or found["tunes posted twice"] > 0
    sys.exit(late or lost or found["calls that came too early"] > 0 or found["other rules broken"] > 0)
