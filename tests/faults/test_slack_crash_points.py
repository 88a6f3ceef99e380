"""A sample of the crash points in Slack. `python -m tests.faults slack-crash-points` runs all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.children import Child, watchful_slack_app
from tests.faults.crashes import DONE_S, crash
from tests.faults.injection import route
from tests.faults.slack_crash_points import (
    POSTED_NOT_STORED,
    SCENARIOS,
    UPLOADED_NOT_POSTED,
    Mention,
    Resume,
    ResumeUploaded,
    Share,
    SlackLane,
    Slash,
    slack_lane,
)

SAMPLE = (
    (Slash, "accept/before commit of Adding.add"),
    (Slash, "accept/after commit of Adding.add"),
    (Mention, "accept/after commit of Adding.add"),
    (Slash, "deliver/before the answer of POST /api/chat.postMessage"),
    (Slash, "deliver/before the answer of POST /upload/FID"),
    (Slash, "deliver/before POST /api/files.completeUploadExternal"),
    (Slash, "deliver/before the answer of POST /api/files.completeUploadExternal"),
    (Slash, "deliver/before commit of Storage.mark_delivered"),
    (Share, "share/after commit of Sharing.share"),
    (Share, "share/before the answer of POST /api/files.completeUploadExternal"),
    (Resume, "deliver/before the answer of GET /api/files.info"),
    (ResumeUploaded, "deliver/before the answer of POST /api/files.completeUploadExternal"),
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crash_lane(
    new_database: Callable[..., str], template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SlackLane]:
    folder: Path = tmp_path_factory.mktemp("lane")
    async with slack_lane(new_database(template), folder) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("scenario", "point"), SAMPLE, ids=lambda value: value if isinstance(value, str) else value.name)
async def test_an_app_killed_at_this_point_loses_and_doubles_nothing(
    scenario: type[Slash], point: str, crash_lane: SlackLane
) -> None:
    outcome = await crash(scenario, crash_lane, point)
    assert outcome.accepted is not None, "the point was not reached: its function has another name now"
    assert outcome.broken == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("point", [UPLOADED_NOT_POSTED, POSTED_NOT_STORED])
async def test_what_a_killed_app_leaves_is_delivered_once_by_another_that_runs(point: str, crash_lane: SlackLane) -> None:
    lane, run = crash_lane, Slash()
    await lane.start("worker")
    killed = await lane.start("bot", inject=True, kill_at=point, armed=True)
    [first] = lane.slack.state.delivery.open
    other = Child(watchful_slack_app, killed.environment, lane.folder)
    other.start()
    try:
        await lane.slack.connected(2)
        for connection in lane.slack.state.delivery.open:
            connection.leaving = connection is not first  # so that the first one gets the command
        await run.act(lane)
        assert await killed.ended() == -9
        assert await lane.until_true(lambda: run.done(lane), DONE_S)
        row = await lane.row(run.event_id)
        assert row is not None and lane.times_posted(row.id) == 1
        assert await lane.until(lambda: not lane.cards_of(row.id), DONE_S)
    finally:
        await other.kill()


def test_the_scenarios_of_the_sample_are_among_all() -> None:
    assert {scenario for scenario, _ in SAMPLE} <= set(SCENARIOS)


def test_a_call_is_named_by_its_route() -> None:
    assert route("http://127.0.0.1:4711/api/files.info") == "/api/files.info"
    assert route("http://127.0.0.1:4711/respond/T0SESSION-99") == "/respond/TOKEN"
    assert route("ws://127.0.0.1:4711/link/?ticket=abc") == "/link/"
