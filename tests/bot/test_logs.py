"""Logs contain errors but no secrets."""

import pytest
import structlog

from bot.logs import configure

pytestmark = pytest.mark.usefixtures("restored_logging")


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
