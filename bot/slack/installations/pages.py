"""The pages on which people install the app, in their browser's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from bot.languages import Language, language
from generator.user_messages import LANGUAGES

PREFERRED = re.compile(r"\s*([a-z]{2})(?:-[a-z0-9]+)*\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*", re.IGNORECASE)


def page(translate: Language, title: str, text: str, link_to: str, link_text: str) -> str:
    """A page with one link. Everything is translated and escaped."""
    return (
        f'<!doctype html><html lang="{translate.code}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(translate(title))}</title></head>'
        f"<body><h1>{escape(translate(title))}</h1><p>{escape(translate(text))}</p>"
        f'<p><a href="{escape(link_to)}">{escape(translate(link_text))}</a></p></body></html>'
    )


def language_of(headers: Mapping[str, Sequence[str]]) -> Language:
    """The browser's favourite of our languages; English if there is none."""
    found: list[tuple[float, int, str]] = []
    for part in ",".join(headers.get("accept-language", ()))[:200].split(","):
        if (match := PREFERRED.fullmatch(part)) and match[1].lower() in LANGUAGES:
            found.append((-float(match[2] or 1), len(found), match[1].lower()))
    return language(min(found)[2] if found else None)
