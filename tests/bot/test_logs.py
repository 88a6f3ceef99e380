"""Logs contain errors but no secrets."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import configure


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure(json=False, level="INFO")
    secret = "Bot " + "SECRET" + "TOKEN"
    try:
        raise ValueError(len(secret))
    except ValueError:
        structlog.get_logger("test").exception("it went wrong")
    text = capsys.readouterr().err
    assert "it went wrong" in text
    assert "ValueError" in text
    assert secret not in text
