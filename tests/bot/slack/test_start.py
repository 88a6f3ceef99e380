"""Starting, connecting, connecting again and stopping."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from bot.core.desk import Desk
from bot.core.login import NoLogin
from bot.settings import Settings
from bot.slack.core import limits
from bot.slack.start import SlackSide
from storage.storage import Storage
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import FakeSlack
from tests.patience import HANG_S

SECRET = "signing-secret"
CLIENT = {"slack_client_id": "1.2", "slack_client_secret": SECRET}


def side_of(storage: Storage, **values: Any) -> SlackSide:
    return SlackSide(Settings(_env_file=None, **values), Desk(storage, open_requests_per_person=3), storage)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"slack_app_token": "xapp-1"}, "SLACK_BOT_TOKEN is missing"),
        ({"slack_bot_token": "xoxb-1"}, "SLACK_APP_TOKEN is missing"),
        ({"slack_client_id": "1.2"}, "belong together"),
        ({"slack_client_secret": SECRET}, "belong together"),
        ({**CLIENT, "slack_signing_secret": SECRET, "slack_bot_token": "xoxb-1"}, "Remove one of them"),
        ({**CLIENT, "slack_app_token": "xapp-1"}, "Set SLACK_SIGNING_SECRET"),
        ({**CLIENT, "slack_signing_secret": SECRET}, "WEB_URL"),
        ({"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "slack_signing_secret": SECRET}, "Remove one of them"),
        ({"slack_bot_token": "xoxb-1", "slack_signing_secret": SECRET}, "WEB_URL"),
        ({"slack_bot_token": "xoxb-1", "slack_signing_secret": SECRET, "web_url": "http://127.0.0.1"}, "https"),
        ({"slack_client_id": "1.2", "slack_signing_secret": SECRET}, "SLACK_CLIENT_SECRET belong together"),
        ({"slack_client_id": "1.2", "slack_client_secret": "s", "slack_app_token": "xapp-1"}, "Set SLACK_SIGNING_SECRET"),
        (
            {
                "slack_client_id": "1.2",
                "slack_client_secret": "s",
                "slack_signing_secret": SECRET,
                "slack_bot_token": "xoxb-1",
            },
            "SLACK_BOT_TOKEN is for one workspace",
        ),
    ],
)
async def test_settings_that_cannot_work_are_explained(storage: Storage, values: dict[str, str], told: str) -> None:
    with pytest.raises(NoLogin, match=told) as error:
        await side_of(storage, **values).run()
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("name", "value"), [("slack_bot_token", "xoxb-wrong"), ("slack_app_token", "xapp-wrong")])
async def test_a_refused_token_ends_with_an_explanation_and_an_exit_code(
    slack: FakeSlack, storage: Storage, name: str, value: str
) -> None:
    with pytest.raises(NoLogin, match=rf"Slack rejected {name.upper()} \(invalid_auth\)") as error:
        async with asyncio.timeout(HANG_S):
            await side_of(storage, **slack.settings | {name: value}).run()
    assert error.value.exit_code not in (0, 1, 2)
    assert value not in str(error.value)


async def test_a_token_that_is_revoked_later_ends_the_same_way(stage: Stage) -> None:
    stage.slack.refuse("apps.connections.open", "token_revoked")
    await stage.slack.drop()
    with pytest.raises(NoLogin, match=r"SLACK_APP_TOKEN \(token_revoked\)"):
        async with asyncio.timeout(HANG_S):
            await stage.running


async def test_the_app_retries_while_slack_is_out_of_reach(stopped_stage: Stage) -> None:
    stopped_stage.slack.refuse("auth.test", status=503, times=2)
    stopped_stage.slack.refuse("apps.connections.open", "internal_error")
    stopped_stage.slack.refuse("apps.connections.open", status=502)
    with structlog.testing.capture_logs() as logs:
        await stopped_stage.start_app()
    assert stopped_stage.slack.calls_of == {"auth.test": 3, "apps.connections.open": 3}
    assert [entry["log_level"] for entry in logs] == ["warning"] * 4 + ["info"]
    assert logs[-1]["event"] == "The Slack app is connected."


async def test_a_rate_limit_of_connections_is_waited_for(stopped_stage: Stage) -> None:
    stopped_stage.slack.refuse("apps.connections.open", "ratelimited", status=429, retry_s=1)
    await stopped_stage.start_app()
    assert stopped_stage.slack.calls_of["apps.connections.open"] == 2
    stopped_stage.slack.assert_rules_kept()


async def test_ready_means_that_events_arrive(stage: Stage) -> None:
    assert stage.side.ready()
    await stage.stop_app()
    assert not stage.side.ready()
    await stage.slack.until(lambda: not stage.slack.state.delivery.open)


async def test_a_dropped_connection_is_replaced(stage: Stage) -> None:
    [old] = stage.slack.state.delivery.open
    await stage.slack.drop()
    await stage.slack.until(lambda: [new for new in stage.slack.state.delivery.open if new is not old])
    await stage.until_ready()


async def test_a_stuck_connection_counts_as_down_and_is_replaced(stopped_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PING_S", 0.5)
    await stopped_stage.start_app()
    slack = stopped_stage.slack
    slack.stick()
    await stopped_stage.until_ready(False)
    monkeypatch.setattr(limits, "PING_S", HANG_S)
    slack.stick(False)
    await stopped_stage.until_ready()
    assert (await slack.acked(await slack.slash("tune", "help"))).attempts == 1


async def test_a_connection_without_a_hello_is_never_ready_and_is_replaced(
    stopped_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HELLO_S", 0.2)
    slack = stopped_stage.slack
    slack.stick()
    starting = asyncio.create_task(stopped_stage.start_app())
    await slack.until(lambda: slack.calls_of.get("apps.connections.open", 0) > 2 or None)
    assert not stopped_stage.side.ready()
    monkeypatch.setattr(limits, "HELLO_S", HANG_S)
    slack.stick(False)
    await starting
    assert len(slack.state.delivery.open) == 1  # those that were given up are closed


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_when_slack_asks_for_it_another_connection_opens_before_the_old_one_closes(stage: Stage, reason: str) -> None:
    [old] = stage.slack.state.delivery.open
    await stage.slack.disconnect(reason)
    await stage.slack.until(lambda: len(stage.slack.state.delivery.connections) == 2)
    await asyncio.wait_for(old.closed.wait(), HANG_S)
    assert stage.side.ready()
    assert (await stage.slack.acked(await stage.slack.slash("tune", "help"))).attempts == 1


async def test_a_connection_that_slack_does_not_close_does_not_delay_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CLOSE_S", 0.1)
    stage.slack.stick()
    async with asyncio.timeout(HANG_S):
        await stage.stop_app()
