"""What people wrote, as plain text: Slack sends it with markup for links and mentions, and with three characters escaped."""

from __future__ import annotations

import re

# <@U1> <#C1|name> <!here> <!subteam^S1|@pipers> <https://example.org|label> <mailto:a@example.org|label>
_TOKEN = re.compile(r"<([@#!]?)([^<>|\n]{1,3000})(?:\|([^<>\n]{0,3000}))?>")
MAX_CHARACTERS = 6_000  # more than any request; searching ABC in a longer text takes long
_REPEAT_SIGN = ":neutral_face:"  # what Slack makes of `:|` after a space


def plain_text(text: str) -> str:
    """The text without mentions, with links as they were typed. It may contain `<` and `>`, as ABC does."""
    typed = _TOKEN.sub(lambda token: " " if token[1] else token[3] or token[2], text).replace(_REPEAT_SIGN, ":|")
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")[:MAX_CHARACTERS]
