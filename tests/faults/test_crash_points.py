"""A sample of the crash points. `python -m tests.faults crash-points` runs all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.crash_points import SCENARIOS, Chat, Share, Slash, Work
from tests.faults.crashes import crash
from tests.faults.injection import route
from tests.faults.lanes import DiscordLane, discord_lane

SAMPLE = (
    (Slash, "accept/after commit of Adding.add"),
    (Slash, "accept/before the answer of POST /interactions/ID/TOKEN/callback"),
    (Chat, "accept/before commit of Adding.add"),
    (Slash, "deliver/before the answer of POST /channels/ID/messages"),
    (Slash, "deliver/before commit of Storage.mark_delivered"),
    (Share, "share/after commit of Sharing.share"),
    (Share, "share/before the answer of POST /channels/ID/messages"),
    (Work, "compose/after commit of Storage.start"),
    (Work, "finish/before commit of Storage.finish"),
    (Work, "finish/before FencedJobManager.finish_job"),
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crash_lane(
    new_database: Callable[..., str], template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DiscordLane]:
    folder: Path = tmp_path_factory.mktemp("lane")
    async with discord_lane(new_database(template), folder) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("scenario", "point"), SAMPLE, ids=lambda value: value if isinstance(value, str) else value.name)
async def test_a_process_killed_at_this_point_loses_and_doubles_nothing(
    scenario: type[Slash], point: str, crash_lane: DiscordLane
) -> None:
    outcome = await crash(scenario, crash_lane, point)
    assert outcome.accepted is not None, "the point was not reached: its function has another name now"
    assert outcome.broken == []


def test_every_flow_is_in_the_sample() -> None:
    assert {point.partition("/")[0] for _, point in SAMPLE} == {"accept", "compose", "finish", "deliver", "share"}
    assert {scenario for scenario, _ in SAMPLE} <= set(SCENARIOS)


def test_a_call_is_named_by_its_route() -> None:
    assert route("http://127.0.0.1:4711/api/v10/channels/300/messages?limit=50") == "/channels/ID/messages"
    assert route("http://127.0.0.1:4711/api/v10/interactions/12345/token-1-99/callback") == "/interactions/ID/TOKEN/callback"
