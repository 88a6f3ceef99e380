"""`tunesmith doctor`: its checks of the models, of the database and of Slack."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli.doctor import Check, _database, _gpu, _model, _sandbox, _slack
from bot.settings import Settings
from bot.slack.core.manifest import bot_scopes
from generator.composer.weights import amend_card
from generator.rendering import sandbox
from tests.generator.composer.untrained import untrained
from tests.loopback.slack import FakeSlack


def test_it_names_the_available_models_and_the_folder_of_a_broken_one(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    amend_card(tmp_path / "mine", {"name": "Mine"})
    settings = Settings(_env_file=None, models=tmp_path)
    assert _model(settings).ok
    assert _model(settings).finding.endswith(" bits per note on test tunes; also aird-1, mine")
    (tmp_path / "mine" / "card.json").write_text("{}", encoding="utf-8")
    check = _model(settings)
    assert not check.ok
    assert str(tmp_path / "mine") in check.finding and str(tmp_path) in check.remedy


def test_it_reports_a_model_without_weights(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    (tmp_path / "mine" / "weights.npz").unlink()
    check = _model(Settings(_env_file=None, models=tmp_path))
    assert not check.ok and str(tmp_path / "mine") in check.finding


def test_for_an_unusable_data_folder_it_advises_to_change_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = _database(Settings(_env_file=None, database_url=None, data_dir=tmp_path / "file"))
    assert not check.ok
    assert str(tmp_path / "file") in check.finding and check.remedy.startswith("Set DATA_DIR")


async def checked(slack: FakeSlack, **changed: Any) -> Check:
    return await asyncio.to_thread(_slack, Settings(_env_file=None, **slack.settings | changed))


async def test_tokens_of_slack_that_work_name_the_workspace() -> None:
    async with FakeSlack() as slack:
        check = await checked(slack)
    assert check.ok and "Session" in check.finding


@pytest.mark.parametrize(("name", "value"), [("slack_bot_token", "xoxb-wrong"), ("slack_app_token", "xapp-wrong")])
async def test_it_says_which_token_slack_refuses(name: str, value: str) -> None:
    async with FakeSlack() as slack:
        check = await checked(slack, **{name: value})
    assert not check.ok
    assert "invalid_auth" in check.finding and name.upper() in check.remedy and value not in str(check)


async def test_it_names_the_scopes_that_a_token_lacks() -> None:
    lacking = {"files:write", "users:read"}
    async with FakeSlack(scopes=tuple(scope for scope in bot_scopes() if scope not in lacking)) as slack:
        check = await checked(slack)
    assert not check.ok
    assert "lacks the scopes files:write, users:read" in check.finding and "manifest.yaml" in check.remedy


async def test_it_says_when_slack_cannot_be_reached() -> None:
    async with FakeSlack() as slack:
        pass
    check = await checked(slack)
    assert not check.ok and "cannot be reached" in check.finding


async def test_slack_settings_that_contradict_each_other_are_found_without_slack() -> None:
    async with FakeSlack() as slack:
        check = await checked(slack, slack_signing_secret="secret")
        assert not check.ok and "Remove one of them" in check.remedy
        assert not slack.calls


def test_it_says_what_the_kernel_lacks_for_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sandbox, "_landlock_version", lambda _: -1)
    check = _sandbox(Settings(_env_file=None))
    assert not check.ok and "no Landlock" in check.finding and "Linux 5.13" in check.remedy


def test_it_says_that_other_systems_have_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    check = _sandbox(Settings(_env_file=None))
    assert check.ok and "Only on 64-bit Linux" in check.finding


def test_without_slack_all_is_well() -> None:
    assert _slack(Settings(_env_file=None)).ok


def test_an_app_that_others_install_needs_a_key_for_their_tokens() -> None:
    public = {
        "slack_signing_secret": "s",
        "slack_client_id": "1.2",
        "slack_client_secret": "s",
        "web_url": "https://t.example.org",
    }
    assert "SECRET_KEY" in _slack(Settings(_env_file=None, **public)).finding  # type: ignore[arg-type]
    check = _slack(Settings(_env_file=None, secret_key="k" * 32, **public))  # type: ignore[arg-type]
    assert check.ok and "https://t.example.org/slack/install" in check.finding


def test_without_tensorflow_all_is_well_as_only_training_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    check = _gpu(Settings(_env_file=None))
    assert check.ok and "only training" in check.finding
