"""`tunesmith slack` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.core.login import EXIT_CODE_NO_LOGIN
from tests.loopback.slack import FakeSlack
from tests.patience import HANG_S


async def start(slack: FakeSlack, data_dir: Path, url: str, **changed: str) -> asyncio.subprocess.Process:
    environment = os.environ | slack.environment | {"DATABASE_URL": url, "DATA_DIR": str(data_dir)} | changed
    output = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "slack", env=environment, stdout=output, stderr=output
    )


async def test_it_connects_and_stops_cleanly(tmp_path: Path, url: str) -> None:
    async with FakeSlack() as slack:
        process = await start(slack, tmp_path, url)
        await slack.connected()
        assert (await slack.acked(await slack.slash("tune", "help"))).attempts == 1
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), HANG_S)
        assert process.returncode == 0
        assert b"Traceback" not in errors and b"xoxb" not in errors and b"xapp" not in errors


async def test_a_command_that_is_being_answered_is_answered_before_it_stops(tmp_path: Path, url: str) -> None:
    async with FakeSlack() as slack:
        process = await start(slack, tmp_path, url)
        await slack.connected()
        answer = slack.hold("respond", after=True)
        await slack.acked(await slack.slash("tune", "help"))
        async with asyncio.timeout(HANG_S):
            while slack.faults_left:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            while slack.state.delivery.open:
                await asyncio.sleep(0.01)
        answer.set()
        _, errors = await asyncio.wait_for(process.communicate(), HANG_S)
    assert process.returncode == 0 and slack.calls_of["respond"] == 1
    assert b"Traceback" not in errors


async def test_a_refused_token_ends_it_with_one_sentence(tmp_path: Path, url: str) -> None:
    async with FakeSlack() as slack:
        process = await start(slack, tmp_path, url, SLACK_APP_TOKEN="xapp-wrong")
        _, errors = await asyncio.wait_for(process.communicate(), HANG_S)
    assert process.returncode == EXIT_CODE_NO_LOGIN
    lines = errors.decode().splitlines()
    assert lines[-1].startswith("tunesmith: Slack rejected SLACK_APP_TOKEN (invalid_auth).")
    assert "Traceback" not in errors.decode() and "xapp-wrong" not in errors.decode()


async def test_incomplete_settings_end_it_with_one_sentence(tmp_path: Path, url: str) -> None:
    async with FakeSlack() as slack:
        process = await start(slack, tmp_path, url, SLACK_APP_TOKEN="")
        _, errors = await asyncio.wait_for(process.communicate(), HANG_S)
    assert process.returncode == EXIT_CODE_NO_LOGIN
    assert errors.decode().splitlines()[-1].startswith("tunesmith: SLACK_APP_TOKEN is missing")
