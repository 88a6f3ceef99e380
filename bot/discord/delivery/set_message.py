"""Several tunes that were asked for at once: made and posted as one message, each of them to be opened from there."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bot.core.audio import joined
from bot.core.following import Progress
from bot.core.naming import key_name, nearest, slug
from bot.discord.delivery import texts, tune_message
from bot.discord.delivery.cancel import cancel_view
from bot.discord.delivery.delivery import Delivery, Make, fitting
from bot.discord.delivery.tune_message import Finished, escape, footer, one_line
from bot.discord.sets.buttons import SetAgainButton, SetMenu, is_one_wish, set_of
from bot.languages import Language
from storage.gallery import numbered
from storage.tunes import Status, Tune


@dataclass(frozen=True, slots=True)
class FinishedSet(Finished):
    """`tune` is the first of them."""

    tunes: tuple[Tune, ...] = ()

    @property
    def view(self) -> discord.ui.View:
        view = discord.ui.View(timeout=None)
        assert self.tune.set_id is not None
        view.add_item(SetMenu(self.tune.set_id, self.translate, self.tunes))
        view.add_item(SetAgainButton(self.tune.set_id, self.translate))
        return view

    @property
    def files(self) -> list[discord.File]:
        titles = {f"{name_of(tune, number)}.png": tune for number, tune in enumerate(self.tunes, 1)}
        return [
            discord.File(
                io.BytesIO(content),
                name,
                description=self.translate(texts.sheet_music(one_line(title_of(titles[name])))) if name in titles else None,
            )
            for name, content in self.contents.items()
        ]


def title_of(tune: Tune) -> str:
    assert tune.composition is not None
    return tune.composition.title


def name_of(tune: Tune, number: int) -> str:
    return f"{number}-{slug(title_of(tune))}"


def tunebook(tunes: Sequence[Tune]) -> str:
    return numbered(tune.composition.abc for tune in tunes if tune.composition)


def finished_set(
    tunes: Sequence[Tune],
    contents: dict[str, bytes],
    *,
    translate: Language,
    one_wish: bool,
    lacking: int,
    left_out: Sequence[str],
    note: str = "",
) -> FinishedSet:
    """The message; `contents` are its files by their names, `lacking` tunes could not be made, `left_out` files are too large.

    `one_wish`: they are several for the same wish.
    """
    heading = texts.tunes_for_one_request(len(tunes)) if one_wish else texts.set_heading(len(tunes))
    lines = [f"**{translate(heading)}**"]
    for number, tune in enumerate(tunes, 1):
        assert tune.composition is not None
        own = [key_name(tune.composition.key), texts.seed(tune.request.seed), nearest(tune.composition.scores)]
        told = " · ".join(escape(one_line(translate(part))) for part in own if part)
        lines.append(f"{number}. **{escape(one_line(title_of(tune)))}** · {told}")
    foot = [footer(tunes[0], translate, one_of_many=True)]
    foot += [translate(texts.tunes_failed(lacking))] if lacking else []
    foot += [translate(texts.too_large(list(left_out)))] if left_out else []
    foot += [translate(note)] if note else []
    book = tunebook(tunes)
    block = [] if "```" in book else [f"```\n{book.strip()}\n```"]
    small = [f"-# {line}" for line in foot]
    content = "\n".join([*lines, *block, *small])
    if tune_message.length(content) > tune_message.MAX_CHARACTERS:
        content = "\n".join([*lines, *small])  # the file has the ABC
    return FinishedSet(tunes[0], content, contents, translate, tuple(tunes))


class SetDelivery(Delivery):
    """A set on its way: one card, one message, and all of its tunes remember it."""

    _tunes: Sequence[Tune] = ()

    async def _follow(self) -> bool:
        over = False
        assert self._tune.set_id is not None
        async with contextlib.aclosing(self._bot.desk.follow_set(self._tune.set_id)) as changes:
            async for states in changes:
                self._tunes = [now.tune for now in states]
                self._tune = next((tune for tune in self._tunes if tune.status is Status.FINISHED), self._tunes[0])
                over = all(tune.status.over for tune in self._tunes)
                if not over:
                    self._card.show(self._states(states), cancel_view(self._tune.id, self._say))
        return over

    def _states(self, states: Sequence[Progress]) -> str:
        """What the card says: how many are finished, and how far the next one is."""
        open_ones = [now for now in states if not now.tune.status.over]
        left = [now.seconds_left for now in open_ones if now.seconds_left is not None]
        now = replace(open_ones[0], seconds_left=max(left, default=None))
        finished = self._say(texts.set_progress(len(states) - len(open_ones), len(states)))
        return f"{self._state(now)}\n-# {finished}"

    async def of(self, left: Sequence[Tune]) -> Make:
        """Makes the message of what is left of the set."""
        self._tunes = left
        return await self._finished()

    async def _finished(self) -> Make:
        tunes = [tune for tune in self._tunes if tune.status is Status.FINISHED]
        sheets: dict[str, bytes] = {}
        recordings: dict[str, bytes] = {}
        for number, tune in enumerate(tunes, 1):
            for kind, found in (("png", sheets), ("mp3", recordings)):
                with contextlib.suppress(KeyError):
                    found[f"{name_of(tune, number)}.{kind}"] = await self._bot.storage.read(tune.id, f"tune.{kind}")
        one_wish = is_one_wish(self._tunes)
        if not one_wish and recordings:
            recordings = {"set.mp3": joined(list(recordings.values()))}
        files = {"set.abc": tunebook(tunes).encode()}
        files |= {name: await fitting(mp3, self._file_limit) for name, mp3 in recordings.items()} | sheets
        room, kept = tune_message.MAX_REQUEST_BYTES, {}
        for name, content in files.items():
            if len(content) <= min(room, self._file_limit):
                kept[name] = content
                room -= len(content)
        left_out = [name for name in files if name not in kept]
        lacking = len(self._tunes) - len(tunes)

        def make(contents: dict[str, bytes] = kept, note: str = "") -> Finished:
            return finished_set(
                tunes, contents, translate=self._say, one_wish=one_wish, lacking=lacking, left_out=left_out, note=note
            )

        return make

    async def _remember(self, message: str) -> None:
        for tune in self._tunes:
            await self._bot.storage.mark_delivered(tune.id, message)

    def _carries(self, posted: discord.Message) -> bool:
        return set_of(posted) == self._tune.set_id
