"""Secrets that are planted in all settings are in no output: logs at their most talkative, errors, doctor, pages and metrics."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner
from pydantic import SecretStr

from bot.cli.main import main
from bot.settings import Settings
from tests.loopback.discord import TUNES, FakeDiscord
from tests.patience import HANG_S

PASSWORD = "planted-database-password"
PLANTED = {
    "DATABASE_URL": f"postgresql://tunesmith:{PASSWORD}@127.0.0.1:1/tunes",
    "SECRET_KEY": "planted-secret-key-of-32-characters",
    "DISCORD_TOKEN": "MTAw.planted.discord-token",
    "SLACK_BOT_TOKEN": "xoxb-planted-bot-token",
    "SLACK_APP_TOKEN": "xapp-planted-app-token",
    "SLACK_SIGNING_SECRET": "planted-signing-secret",
    "SLACK_CLIENT_SECRET": "planted-client-secret",
    "METRICS_TOKEN": "planted-metrics-token",
    "AWS_ACCESS_KEY_ID": "planted-access-key",
    "AWS_SECRET_ACCESS_KEY": "planted-store-key",
}
SECRETS = {name: value for name, value in PLANTED.items() if name not in ("DATABASE_URL", "AWS_ACCESS_KEY_ID")} | {
    "password": PASSWORD
}
NOWHERE = "http://127.0.0.1:1"


def leaked(text: str) -> list[str]:
    """The names of secrets that are in the text, in whole or in their last part."""
    return [name for name, value in SECRETS.items() if value in text or value.rpartition("planted")[2] in text]


def environment(folder: Path, *left_out: str, **others: str) -> dict[str, str]:
    elsewhere = {"DISCORD_API_URL": f"{NOWHERE}/api/v10", "SLACK_API_URL": f"{NOWHERE}/api/", "DATA_DIR": str(folder)}
    talkative = {"LOG_LEVEL": "DEBUG", "LOG_JSON": "true", "FILES_URL": "s3://tunes/files", "AWS_REGION": "here"}
    planted = {name: value for name, value in PLANTED.items() if name not in left_out}
    return {**os.environ, **planted, **elsewhere, **talkative, "AWS_ENDPOINT": NOWHERE, "AWS_ALLOW_HTTP": "true", **others}


async def output(command: str, folder: Path, *left_out: str, **others: str) -> str:
    """What a command prints until it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", command, env=environment(folder, *left_out, **others), cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(HANG_S):
        printed, _ = await process.communicate()
    return printed.decode()


def test_every_secret_setting_is_planted() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == {name.lower() for name in PLANTED if not name.startswith("AWS")}
    assert SecretStr(PASSWORD).get_secret_value() in PLANTED["DATABASE_URL"]


def test_a_leak_is_found() -> None:
    assert leaked(f"could not connect to {PLANTED['DATABASE_URL']}") == ["password"]
    assert leaked("Authorization: Bearer …-metrics-token") == ["METRICS_TOKEN"]


@pytest.mark.parametrize("command", ["bot", "slack", "web", "worker", "doctor"])
async def test_a_command_that_reaches_nothing_tells_no_secret(command: str, tmp_path: Path) -> None:
    left_out = ["SLACK_SIGNING_SECRET", "SLACK_CLIENT_SECRET"] if command in ("slack", "doctor") else []
    text = await output(command, tmp_path, *left_out)
    assert text and leaked(text) == [], text


def test_settings_that_cannot_be_read_are_named_without_their_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        wrong = {"DATABASE_URL": f"mysql://tunesmith:{PASSWORD}@host/tunes"}.get(name, "planted-short-secret")
        result = CliRunner().invoke(main, ["bot"], env=environment(tmp_path, **{name: wrong}))
        assert result.exit_code and name in result.output, name
        assert wrong not in result.output and leaked(result.output) == [], name


@asynccontextmanager
async def running(command: str, log: Path, values: dict[str, str]) -> AsyncIterator[None]:
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", command, env=values, cwd=log.parent, stdout=stream, stderr=stream
        )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), HANG_S)


async def test_running_processes_tell_no_secret_in_logs_pages_and_metrics(url: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = environment(tmp_path, DATABASE_URL=f"{url}&password={PASSWORD}", WEB_PORT=str(port))
    pages: list[str] = []
    async with FakeDiscord() as discord:
        bot = values | discord.environment
        async with running("web", tmp_path / "web.log", values), running("bot", tmp_path / "bot.log", bot):
            await discord.connected()
            await discord.deferred(await discord.slash("tune", channel=TUNES))
            async with ClientSession(f"http://127.0.0.1:{port}") as session, asyncio.timeout(HANG_S):
                while "The web page is ready." not in (tmp_path / "web.log").read_text("utf-8"):
                    await asyncio.sleep(0.1)
                bearer = {"Authorization": f"Bearer {PLANTED['METRICS_TOKEN']}"}
                for path, headers in (("/metrics", bearer), ("/health", {}), ("/", {}), ("/nowhere", bearer), ("/tunes/1", {})):
                    async with session.get(path, headers=headers) as answer:
                        pages.append(f"{answer.headers} {await answer.text()}")
        token = discord.settings["discord_token"]
    text = "".join([*pages, *(path.read_text("utf-8") for path in (tmp_path / "web.log", tmp_path / "bot.log"))])
    assert leaked(text) == [] and token not in text
