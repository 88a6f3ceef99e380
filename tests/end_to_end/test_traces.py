"""A request is one trace, though bot and worker are two processes."""

from itertools import pairwise

import pytest

from tests.end_to_end.tunesmith import Tunesmith
from tests.loopback.collector import Collector
from tests.loopback.discord import FakeDiscord

pytestmark = pytest.mark.asyncio(loop_scope="package")
STEPS = ["waiting", "composing", "rendering", "delivery"]


async def test_the_steps_of_a_request_are_spans_of_one_trace(
    tunesmith: Tunesmith, discord: FakeDiscord, collector: Collector
) -> None:
    asked = await discord.slash("tune", rhythm="reel", key="D", seed=3)
    spans = await collector.until(lambda spans: sum(span.attributes["request"] == asked.id for span in spans) == 5)
    found = {span.name: span for span in spans if span.attributes["request"] == asked.id}
    tune, *steps = (found[name] for name in ("tune", *STEPS))
    assert {span.trace_id for span in found.values()} == {tune.trace_id}
    assert tune.parent_id == b"" and {span.parent_id for span in steps} == {tune.span_id}
    assert all(before.end_ns <= after.begin_ns for before, after in pairwise(steps))
    assert not any(span.failed for span in found.values())
    assert {(span.service, span.attributes["platform"], span.attributes["tune"]) for span in found.values()} == {
        ("tunesmith", "discord", tune.attributes["tune"])
    }
