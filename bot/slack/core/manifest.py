"""What the app's manifest asks for."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

MANIFEST = Path(__file__).parents[1] / "manifest.yaml"


@cache
def bot_scopes() -> tuple[str, ...]:
    """The scopes that the bot's token needs."""
    listed = re.search(r"^    bot:\n((?:      - .+\n)+)", MANIFEST.read_text("utf-8"), re.MULTILINE)
    assert listed is not None
    return tuple(line.removeprefix("      - ") for line in listed[1].splitlines())
