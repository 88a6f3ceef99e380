"""Settings that are checked when they are read."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from bot.settings import Settings

KEY, OTHER = "0123456789abcdef" * 2, "a_key/with+other=characters_in_it"


@pytest.mark.parametrize("typed", [f"{KEY} {OTHER}", f"{KEY},{OTHER}", f" {KEY} ,\n{OTHER},"])
def test_several_keys_are_separated_by_spaces_or_commas(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setenv("SECRET_KEY", typed)
    assert Settings(_env_file=None).secret_keys == [KEY, OTHER]


def test_there_need_be_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    assert Settings(_env_file=None).secret_keys == []


@pytest.mark.parametrize("typed", ["hunter2", f"{KEY} hunter2", KEY[1:]])
def test_a_short_key_is_refused_with_a_sentence_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setenv("SECRET_KEY", typed)
    result = CliRunner().invoke(main, ["web"])
    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert "The setting SECRET_KEY is wrong" in line and "each key needs 32 characters or more" in line
    assert typed not in line
