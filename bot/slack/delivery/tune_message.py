"""The message of a finished tune, or of several that were requested together: text, files and buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.derive import is_one_request
from bot.core.naming import one_line, slug, title_of, utf16_length
from bot.core.texts import delivery as texts
from bot.core.tune_files import name_in_set, read_files, read_set_files
from bot.core.tune_text import MAX_NOTICE_CHARACTERS, MAX_NOTICES, details_in_set, footer
from bot.languages import Language
from bot.slack.core import limits
from bot.slack.core.blocks import Block, code_block, context, escape, header, section
from bot.slack.core.context import Context
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery.posting import Post
from storage.tunes import Status, Tune


async def load_tune_message(
    app: Context,
    tune: Tune,
    translate: Language,
    *,
    parent_link: str = "",
    note: str = "",
    in_session: bool = False,
    in_sharing_channel: bool = False,
) -> Post:
    """The message with all of the tune's files and buttons. The rest is as in `tune_blocks`."""
    title = _title(tune)
    name = slug(title)
    contents = {f"{name}.{file.partition('.')[2]}": content for file, content in (await read_files(app.storage, tune)).items()}
    links = {"parent_link": parent_link, "note": note}
    blocks = tune_blocks(app, tune, translate, **links, in_session=in_session, in_sharing_channel=in_sharing_channel)
    return Post(escape(title), blocks, _in_order(contents), _alt_texts([tune], translate, of_set=False))


def tune_blocks(
    app: Context,
    tune: Tune,
    translate: Language,
    *,
    parent_link: str = "",
    note: str = "",
    in_session: bool = False,
    in_sharing_channel: bool = False,
) -> list[Block]:
    """Text and buttons of the tune, without its files. `in_session`: it is the message that delivered the tune."""
    text = text_blocks(tune, translate, parent_link=parent_link, note=note, in_sharing_channel=in_sharing_channel)
    return [*text, *app.views.of_tune(tune, translate, in_session=in_session)]


def text_blocks(
    tune: Tune, translate: Language, *, parent_link: str = "", note: str = "", in_sharing_channel: bool = False
) -> list[Block]:
    """The tune's title, ABC and settings.

    `parent_link` leads to the message of the tune that it was made from, if its readers can open that. `note` says why the
    message is not where it was expected.
    """
    assert tune.composition is not None
    made = tune.composition
    foot = [footer(tune, translate, PLATFORM, escape, in_sharing_channel=in_sharing_channel)]
    foot += [translate(texts.based_on(parent_link))] if parent_link else []
    foot += [translate(note)] if note else []
    foot += [escape(translate(notice)[:MAX_NOTICE_CHARACTERS]) for notice in made.notices[:MAX_NOTICES]]
    return [header(title_of(tune, translate)), *code(made.abc), *(context(line) for line in foot)]


async def load_set_message(app: Context, tunes: Sequence[Tune], translate: Language, *, note: str = "") -> Post:
    """The message of the finished ones among tunes that were requested together, with all of their files."""
    finished = [tune for tune in tunes if tune.status is Status.FINISHED]
    one_request, failed = is_one_request(tunes), len(tunes) - len(finished)
    heading = translate((texts.tunes_for_one_request if one_request else texts.set_heading)(len(finished)))
    lines = []
    for number, tune in enumerate(finished, 1):
        lines.append(" · ".join([f"{number}. *{escape(_title(tune))}*", *map(escape, details_in_set(tune, translate))]))
    foot = [footer(finished[0], translate, PLATFORM, escape, one_of_many=True)]
    foot += [translate(texts.tunes_failed(failed))] if failed else []
    foot += [translate(note)] if note else []
    # Without the ABC, which would fill the screen: it is in a file.
    text = [header(heading), section("\n".join(lines)), *(context(line) for line in foot)]
    buttons = app.views.of_set(finished, translate)
    files = await read_set_files(app.storage, finished, one_recording=not one_request, file_limit=limits.FILE_BYTES)
    return Post(escape(heading), [*text, *buttons], _in_order(files), _alt_texts(finished, translate, of_set=True))


def code(abc: str) -> list[Block]:
    """ABC to copy. None if it is too long: the file has it."""
    block = code_block(abc.strip())
    return [section(block)] if utf16_length(block) <= limits.TEXT_CHARACTERS else []


def _in_order(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Sheets, recordings, ABC: Slack shows files in their order, below the buttons."""
    order = {".png": 0, ".mp3": 1}
    return {name: files[name] for name in sorted(files, key=lambda name: (order.get(name[-4:], 2), name))}


def sheet_names(tunes: Sequence[Tune], *, of_set: bool) -> list[str]:
    """The names of the sheets in the message of one tune or of a set. They are its first files."""
    return [f"{name_in_set(tune, number) if of_set else slug(_title(tune))}.png" for number, tune in enumerate(tunes, 1)]


def _alt_texts(tunes: Sequence[Tune], translate: Language, *, of_set: bool) -> dict[str, str]:
    names = sheet_names(tunes, of_set=of_set)
    return {name: translate(texts.sheet_music(_title(tune))) for name, tune in zip(names, tunes, strict=True)}


def _title(tune: Tune) -> str:
    assert tune.composition is not None
    return one_line(tune.composition.title)
