"""File names and names of keys."""

import pytest

from bot.core.naming import key_name, slug


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


def test_keys_are_named_and_other_texts_stay_unchanged() -> None:
    assert [key_name(key) for key in ("Ador", "D", "F#m", "", "H?")] == ["A dorian", "D major", "F# minor", "", "H?"]
