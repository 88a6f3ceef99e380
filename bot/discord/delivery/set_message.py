"""The message of several tunes that were requested together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import discord

from bot.core.derive import is_one_request
from bot.core.naming import one_line, utf16_length
from bot.core.texts import delivery as texts
from bot.core.tune_files import name_in_set, read_set_files, tunebook
from bot.core.tune_text import details_in_set, footer
from bot.discord.core import limits
from bot.discord.core.context import Context
from bot.discord.core.formatting import escape
from bot.discord.core.reply import PLATFORM
from bot.discord.delivery.tune_message import FinishedMessage
from bot.languages import Language
from storage.tunes import Status, Tune


async def load_set_message(
    context: Context, tunes: Sequence[Tune], *, file_limit: int, translate: Language
) -> Callable[[Mapping[str, bytes] | None, str], FinishedMessage]:
    """Reads the files of the finished ones among the tunes of a set, and returns a function that makes the message.

    Its arguments are the files to attach, None for all, and the note of `render_set`.
    """
    finished = [tune for tune in tunes if tune.status is Status.FINISHED]
    one_request = is_one_request(tunes)
    files = await read_set_files(context.storage, finished, one_recording=not one_request, file_limit=file_limit)
    room, fitting = limits.REQUEST_BYTES, dict[str, bytes]()
    for name, content in files.items():
        if len(content) <= min(room, file_limit):
            fitting[name] = content
            room -= len(content)

    def make(contents: Mapping[str, bytes] | None, note: str) -> FinishedMessage:
        return render_set(
            finished,
            fitting if contents is None else contents,
            translate=translate,
            make_view=lambda: context.views.of_set(finished, translate),
            one_request=one_request,
            failed=len(tunes) - len(finished),
            too_large=[name for name in files if name not in fitting],
            note=note,
        )

    return make


def render_set(
    tunes: Sequence[Tune],
    contents: Mapping[str, bytes],
    *,
    translate: Language,
    make_view: Callable[[], discord.ui.View],
    one_request: bool,
    failed: int,
    too_large: Sequence[str],
    note: str = "",
) -> FinishedMessage:
    """The message; `contents` are its files by name, `failed` tunes are missing, `too_large` files are left out.

    `one_request`: the tunes are several for the same request, not a set. For `note` see `tune_message.render_tune`.
    """
    heading = texts.tunes_for_one_request(len(tunes)) if one_request else texts.set_heading(len(tunes))
    lines = [f"**{translate(heading)}**"]
    for number, tune in enumerate(tunes, 1):
        details = " · ".join(map(escape, details_in_set(tune, translate)))
        lines.append(f"{number}. **{escape(one_line(_title(tune)))}** · {details}")
    foot = [footer(tunes[0], translate, PLATFORM, escape, one_of_many=True)]
    foot += [translate(texts.tunes_failed(failed))] if failed else []
    foot += [translate(texts.too_large(list(too_large)))] if too_large else []
    foot += [translate(note)] if note else []
    small = [f"-# {line}" for line in foot]
    book = tunebook(tunes)
    block = [] if "```" in book else [f"```\n{book.strip()}\n```"]
    content = "\n".join([*lines, *block, *small])
    if utf16_length(content) > limits.MESSAGE_CHARACTERS:
        content = "\n".join([*lines, *small])  # the file has the ABC
    sheets = {f"{name_in_set(tune, number)}.png": tune for number, tune in enumerate(tunes, 1)}
    descriptions = {name: translate(texts.sheet_music(one_line(_title(tune)))) for name, tune in sheets.items()}
    return FinishedMessage(content, contents, descriptions, make_view)


def _title(tune: Tune) -> str:
    assert tune.composition is not None
    return tune.composition.title
