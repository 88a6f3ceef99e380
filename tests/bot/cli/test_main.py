"""The `tunesmith` command: help, version, error messages, settings, and which libraries it loads."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.compose import new_folder
from bot.cli.main import main
from bot.settings import Settings

ROOT = Path(__file__).parents[3]


def test_every_command_has_help() -> None:
    services = {"run", "bot", "slack", "web", "worker"}
    on_storage = {"backup", "restore"}
    others = {"compose", "render", "corpus", "train", "evaluate", "report", "doctor", "bench"}
    assert set(main.commands) == services | on_storage | others
    for name in main.commands:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0
        assert "Usage" in result.output


def test_help_and_version_name_the_version() -> None:
    for option in ("--help", "--version"):
        result = CliRunner().invoke(main, [option])
        assert result.exit_code == 0
        assert version("tunesmith") in result.output


def test_the_bot_and_the_web_page_load_neither_tensorflow_nor_music21() -> None:
    heavy = "{'tensorflow', 'keras', 'music21', 'verovio', 'matplotlib'}"
    parts = "bot.cli.main, bot.services, bot.discord.start, bot.slack.start, bot.web"
    code = f"import sys, {parts}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_worker_loads_no_platform_and_neither_tensorflow_nor_music21() -> None:
    heavy = "{'discord', 'slack_bolt', 'bot.web', 'tensorflow', 'keras', 'music21', 'verovio', 'matplotlib'}"
    code = f"import sys, bot.cli.main, bot.worker, generator.worker; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_render_refuses_what_is_not_abc_before_it_loads_what_renders(tmp_path: Path) -> None:
    (tmp_path / "words.abc").write_text("hello there\n", encoding="utf-8")
    code = (
        "import sys; from click.testing import CliRunner; from bot.cli.main import main; "
        "result = CliRunner().invoke(main, ['render', 'words.abc']); "
        "print(result.output, sorted({'music21', 'verovio', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.startswith("tunesmith: Line 1, column 1: “hello there” is not ABC.") and found.strip().endswith("[]")
    assert [path.name for path in tmp_path.iterdir()] == ["words.abc"]


def test_a_new_folder_is_named_after_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for expected in ("tune", "tune-2", "tune-3"):
        assert str(new_folder()) == expected
        new_folder().mkdir()


def test_an_invalid_request_ends_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["compose", "--rhythm", "tango", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert result.output.startswith("tunesmith: I don't know the rhythm “tango”.")
    assert len(result.output.splitlines()) == 1


def test_contradicting_options_end_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "tune.abc").write_text("K:D\nDFA dfa|\n", encoding="utf-8")
    parent = ("--parent", str(tmp_path / "tune.abc"))
    for options, words in (
        ((*parent, "--mode", "answer"), "leave out --opening and --mode"),
        ((*parent, "--opening", "DFA|"), "leave out --opening and --mode"),
        (parent, "nothing to vary"),
        ((*parent, "--tune", "2"), "has no tune with the number 2"),
        (("--tune", "2"), "give one with --parent or --opening @FILE"),
        (("--opening", "@missing.abc"), "missing.abc cannot be read: No such file"),
        (("--set", "3", "--count", "2"), "leave out --count or --set"),
        (("--mode", "second part"), "no first part"),
        (("--mode", "Second"), "Try continue, answer, vary, second part or play."),
        (("--candidates", "20"), "1 to 16"),
        (("--opening", "please write me a nice tune"), "“please write me a nice tune” is not ABC"),
        (("--instrument", "kazoo"), "Try fiddle, flute"),
    ):
        result = CliRunner().invoke(main, ["compose", *options, "--out", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert words in result.output
        assert len(result.output.splitlines()) == 1


def test_render_takes_one_tune_or_all(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text("X:1\nK:D\nDFA dfa|\n", encoding="utf-8")
    command = ["render", str(tmp_path / "book.abc"), "--out", str(tmp_path / "out"), "--tune", "2"]
    for options, words in ((["--all"], "leave out --tune or --all"), ([], "has no tune with the number 2 (X:2)")):
        result = CliRunner().invoke(main, [*command, *options])
        assert result.exit_code == 2
        assert words in result.output


def test_the_error_for_a_wrong_setting_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "music")
    result = CliRunner().invoke(main, ["web"])
    assert result.exit_code == 1
    assert "WEB_PORT" in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "token", "told"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-secret", "begins with xapp-"),
        ("SLACK_APP_TOKEN", "xoxb-1-secret", "begins with xoxb-"),
        ("SLACK_BOT_TOKEN", "secret", "does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "secret", "does not begin with xapp-"),
    ],
)
def test_tokens_of_slack_that_are_swapped_are_told_without_the_token(
    monkeypatch: pytest.MonkeyPatch, name: str, token: str, told: str
) -> None:
    monkeypatch.setenv(name, token)
    result = CliRunner().invoke(main, ["slack"])
    assert result.exit_code == 1
    assert name in result.output and told in result.output and "secret" not in result.output


def test_env_example_lists_every_setting() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("#").split("=")[0] for line in lines if "=" in line and line.lstrip("#")[:1].isupper()}
    assert named <= {name.upper() for name in Settings.model_fields}
    assert {name.upper() for name in Settings.model_fields} - named == {"DISCORD_API_URL", "DISCORD_GATEWAY_URL", "SLACK_API_URL"}


def test_an_empty_setting_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("DISCORD_TOKEN=\nSOUNDFONT=\nWEB_PORT=\nDATA_DIR=~/tunes\n", encoding="utf-8")
    settings = Settings()
    assert settings.discord_token is None
    assert settings.soundfont is None
    assert settings.web_port == 8080
    assert settings.data_dir == Path.home() / "tunes"
