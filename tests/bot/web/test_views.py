"""Filters of the templates."""

from bot.web.views import clock


def test_a_duration_is_shown_as_minutes_and_seconds() -> None:
    assert [clock(duration_ms) for duration_ms in (400, 9_600, 61_000)] == ["0:00", "0:10", "1:01"]
