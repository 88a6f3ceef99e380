"""Slack's markup becomes the text that a person typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.core.plain_text import plain_text


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("<@U123> a reel", "  a reel"),
        ("<@U123|ann> in <#C1|tunes> <!here> <!subteam^S1|@pipers>!", "  in      !"),
        ("A&gt;B c&lt;d &amp;lt; &amp;", "A>B c<d &lt; &"),
        ("see <https://example.org/a?b=1&amp;c=2>", "see https://example.org/a?b=1&c=2"),
        ("<http://abc.de|abc.de> |", "abc.de |"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org"),
        ("d4 d2 :neutral_face:", "d4 d2 :|"),
        ("&lt;@U123&gt;", "<@U123>"),
    ],
)
def test_markup_is_read(sent: str, typed: str) -> None:
    assert plain_text(sent) == typed


@given(st.text(alphabet="ABc<>&|:;@#!12 \nlt", max_size=60))
def test_what_slack_escapes_is_read_back(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain_text(escaped) == typed
