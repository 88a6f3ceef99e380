"""The queue card, without a platform: which texts are shown, and when."""

from __future__ import annotations

import asyncio

from bot.core.card import Card


class Shown(Card[str]):
    """Notes what is shown. An edit may begin once `may_edit` is set, and ends once `may_end` is."""

    temporary = (ConnectionError,)

    def __init__(self) -> None:
        super().__init__("")
        self.texts: list[str] = []
        self.errors: list[Exception] = []
        self.may_edit, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()
        self.began, self.edited = asyncio.Event(), asyncio.Event()

    async def turn(self) -> None:
        await self.may_edit.wait()
        if self.errors:
            raise self.errors.pop()

    async def edit(self, text: str, buttons: str) -> bool:
        self.began.set()
        await self.may_end.wait()
        self.texts.append(text)
        self.edited.set()
        return True


async def test_only_the_newest_text_is_shown() -> None:
    card = Shown()
    for text in ("first", "second", "third"):
        card.show(text, "")
    card.may_edit.set()
    await card.edited.wait()
    await card.close()

    assert card.texts == ["third"]


async def test_closing_waits_for_an_edit_and_no_other_follows() -> None:
    card = Shown()
    card.may_edit.set()
    card.may_end.clear()
    card.show("first", "")
    await card.began.wait()
    closing = asyncio.create_task(card.close())
    for _ in range(5):
        await asyncio.sleep(0)
    was_waiting = not closing.done()
    card.show("second", "")
    card.may_end.set()
    await closing

    assert was_waiting
    assert card.texts == ["first"]


async def test_a_card_that_waits_for_its_turn_closes_at_once() -> None:
    card = Shown()
    card.show("first", "")
    await asyncio.sleep(0)
    await card.close()

    assert card.texts == []


async def test_after_a_fault_that_may_pass_the_next_text_is_shown() -> None:
    card = Shown()
    card.errors.append(ConnectionError())
    card.may_edit.set()
    card.show("first", "")
    while card.errors:
        await asyncio.sleep(0)
    card.show("second", "")
    await card.edited.wait()
    card.abandon()

    assert card.texts == ["second"]
