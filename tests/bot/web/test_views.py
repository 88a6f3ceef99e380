from __future__ import annotations

import pytest

from bot.core.naming import key_name, slug
from bot.web.views import clock


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Web Reel", "the-web-reel"),
        ("O'Neill’s Köln Jig, no. 2", "oneills-koln-jig-no-2"),
        ("../../etc/passwd\r\nX: y", "etc-passwd-x-y"),
        ('"><script>', "script"),
        ("春", "tune"),
        ("", "tune"),
        ("a " * 80, "-".join("a" * 30)),
    ],
)
def test_a_title_becomes_a_file_name(title: str, name: str) -> None:
    assert slug(title) == name


def test_keys_are_read_out_and_nonsense_is_left_alone() -> None:
    assert [key_name(key) for key in ("Ador", "D", "F#m", "", "H?")] == ["A dorian", "D major", "F# minor", "", "H?"]


def test_lengths_are_minutes_and_seconds() -> None:
    assert [clock(duration_ms) for duration_ms in (400, 9_600, 61_000)] == ["0:00", "0:10", "1:01"]
