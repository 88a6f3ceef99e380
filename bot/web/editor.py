"""The editor: ABC with a sheet that is drawn while somebody types, and errors where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.web import form
from bot.web.draft_sheet import draw
from bot.web.language import translate
from bot.web.limits import Limits
from bot.web.views import Views
from bot.web.visitor import find_tune, viewer_of, with_cookie
from generator.notation.abc_file import tunes_of_file
from generator.notation.bar_numbers import bar_numbers_text
from generator.notation.errors import NotationError
from generator.notation.opening_checks import check_bars
from generator.notation.pasted_text import clean_pasted_text
from generator.notation.reader import read
from generator.notation.score import Score
from generator.user_messages import UserMessage
from storage.storage import Storage

MOST_CHARACTERS = 40_000
MOST_TUNES = 50
_MOST_CUT = 8  # characters of what a selection may cut in two, such as a chord
_SIGNS = re.compile(r"[\s|:\]]*")  # between the notes of two bars
EXAMPLE = "X:1\nT:A New Reel\nR:reel\nM:4/4\nL:1/8\nK:Ador\n|:EAAB c2Bc|dBAB G2EG|\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """A tune of the text: its lines, counted from 1, and what it is or what is wrong with it."""

    first_line: int
    last_line: int
    text: str
    score: Score | None
    error: NotationError | None

    def as_dict(self, number: int) -> dict[str, Any]:
        error = self.error
        wrong = error and {
            "message": translate(error.message),
            "line": error.line or self.first_line,
            "column": error.column or 1,
            "length": max(len(error.text), 1),
        }
        return {
            "first_line": self.first_line,
            "last_line": self.last_line,
            "title": (self.score and self.score.title) or translate(UserMessage("tune {number}", number=number)),
            "label": self.score and translate(_label(self.score)),
            "bars": len(self.score.bars) if self.score else 0,
            "error": wrong,
            "notices": _notices(self.score) if self.score else [],
        }


def _label(score: Score) -> UserMessage:
    bars = UserMessage("{n} bar", "{n} bars", n=len(score.bars))
    return UserMessage("Sheet music of {title}, {bars}", title=score.title or UserMessage("untitled tune"), bars=bars)


def _notices(score: Score) -> list[str]:
    """What was skipped or assumed, and a bar that is too short or too long."""
    try:
        check_bars(score)
    except NotationError as error:
        return [*map(translate, score.notices), translate(error.reason)]
    return [translate(notice) for notice in score.notices]


def check(text: str) -> list[Checked]:
    """Every tune of a text."""
    found = []
    for tune in tunes_of_file(clean_pasted_text(text).replace("\n%\n", "\n\n"))[:MOST_TUNES]:
        lines = tune.split("\n")
        first = next((number for number, line in enumerate(lines, 1) if line.startswith("X:")), 1)
        score, error = None, None
        try:
            score = read(tune, all_voices=True)
        except NotationError as raised:
            error = raised
        found.append(Checked(first, len(lines) - (not lines[-1]), tune, score, error))
    return found


def selected_bars(before: str, selected: str) -> str:
    """The bars of a tune with notes in a selection, as `keep` names them. before: the text of the tune before the selection"""
    notes = selected[_SIGNS.match(selected).end() :]  # type: ignore[union-attr]  # it matches everything
    if not notes:
        return ""
    start = before + selected[: len(selected) - len(notes)]
    first, last = _bars(start, "z"), _bars(before + selected)
    return bar_numbers_text(range(max(first, 1), last + 1))


def _bars(text: str, next_note: str = "") -> int:
    """How many bars the beginning of a tune has. If it is cut inside a chord or the like, without that."""
    for cut in range(min(_MOST_CUT, len(text)) + 1):
        try:
            return len(read(clean_pasted_text(text[: len(text) - cut]) + next_note).bars)
        except NotationError:
            continue
    return 0


class EditorPages:
    def __init__(self, storage: Storage, views: Views, limits: Limits) -> None:
        self._storage, self._views, self._limits = storage, views, limits

    async def page(self, request: web.Request) -> web.Response:
        """`?from=ID` begins with the ABC of a tune that the visitor may see."""
        tune = await find_tune(self._storage, request.query.get("from", ""), viewer_of(request))
        abc = tune.composition.abc if tune and tune.composition else EXAMPLE
        page = self._views.page("editor.html", here="editor", abc=abc, most_characters=MOST_CHARACTERS, token=form.new_token())
        return with_cookie(request, page)

    async def check(self, request: web.Request) -> web.Response:
        """The tunes of a text as JSON, and the sheet of the one that has the `line`, with two or four `bars` in a line.

        `before` and `selected` are the text of that tune up to what is selected, and what is.
        """
        sent = await form.body(request)
        text = form.text("opening", sent.get("opening"))[:MOST_CHARACTERS]
        line, bars, before, selected = (
            form.text(name, sent.get(name))[:MOST_CHARACTERS] for name in ("line", "bars", "before", "selected")
        )
        reader = self._limits.reader(request)
        tunes = await reader(check, text)
        here = int(line) if line.isdecimal() and len(line) < 7 else 1
        chosen = next((number for number, tune in reversed(list(enumerate(tunes))) if tune.first_line <= here), 0)
        score = tunes[chosen].score if tunes else None
        drawing = await reader(draw, score, 2 if bars == "2" else 4) if score and score.bars else ""
        kept = await reader(selected_bars, before, selected)
        found = [tune.as_dict(number) for number, tune in enumerate(tunes, 1)]
        body = {"tunes": found, "chosen": chosen, "drawing": drawing, "selected": kept}
        return web.json_response(body, headers={"Cache-Control": "no-store"})
