"""A tunebook as a PDF, read by pypdf."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from bot.core.tunebook.incipit import incipit
from bot.core.tunebook.pdf import Book, to_print, tunebook_pdf
from bot.languages import language
from generator.notation.reader import read
from generator.rendering.render import render
from generator.tune_files import MEDIA_TYPES, rendered_files
from storage import Storage, Viewer
from storage.gallery import Order
from storage.tunes import Tune
from tests.generator.rendering.tunes import JIG
from tests.storage.examples import COMPOSITION, origin, request

HOSTILE = '#panic("x") $y$ [z] <b> "'


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[str, bytes]]:
    return {name: (MEDIA_TYPES[name], content) for name, content in rendered_files(render(read(JIG))).items()}


async def add(storage: Storage, files: dict[str, tuple[str, bytes]], title: str, *, share: bool = False) -> Tune:
    added = await storage.add(request(), origin(title))
    await storage.start(added.id)
    await storage.finish(added.id, replace(COMPOSITION, title=title), files)
    if share:
        await storage.sharing.share(added.id, Viewer(added.origin.platform, added.origin.user_id, added.origin.community_id))
    tune = await storage.tune(added.id)
    assert tune
    return tune


def texts(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


async def test_a_book_has_a_title_page_contents_bookmarks_and_links(
    storage: Storage, files: dict[str, tuple[str, bytes]]
) -> None:
    wanted = (("One", True), (HOSTILE, False), ("Three", True))
    tunes = [await add(storage, files, title, share=shared) for title, shared in wanted]
    book = Book("Shared tunes", tunes, "https://tunes.example", chords=True)
    reader = PdfReader(io.BytesIO(await tunebook_pdf(storage, book)))
    title, contents, first, *_ = (page.extract_text() for page in reader.pages)
    assert "Shared tunes" in title and "3 tunes" in title
    assert "Contents" in contents and HOSTILE in contents and "reel, D major" in contents
    assert "G D %" in first  # the chord chart
    assert [str(item["/Title"]) for item in reader.outline if not isinstance(item, list)] == ["One", HOSTILE, "Three"]
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    links = [str(note["/A"]["/URI"]) for note in notes if "/URI" in note.get("/A", {})]
    assert links == [f"https://tunes.example/tunes/{tunes[at].id}" for at in (0, 2)]  # only what others can open


async def test_one_tune_is_a_sheet_alone_and_a_tune_without_one_is_left_out(
    storage: Storage, files: dict[str, tuple[str, bytes]]
) -> None:
    whole, bare = await add(storage, files, "One"), await add(storage, {"tune.abc": files["tune.mid"]}, "Bare")
    assert len(texts(await tunebook_pdf(storage, Book("One", [whole, bare])))) == 1
    assert await tunebook_pdf(storage, Book("Bare", [bare])) == b""


async def test_a_persons_own_book_is_in_their_language(storage: Storage, files: dict[str, tuple[str, bytes]]) -> None:
    tune = await add(storage, files, "One")
    await add(storage, files, "Two")
    viewer = Viewer(tune.origin.platform, tune.origin.user_id, tune.origin.community_id)
    found = texts(await to_print(storage, viewer, own=True, order=Order.NEWEST, translate=language("de")))
    assert "Meine Stücke" in found[0] and "Inhalt" in found[1]
    assert await to_print(storage, viewer, own=False, order=Order.NEWEST, translate=language("de")) == b""


def test_an_incipit_is_the_first_line_without_the_title(files: dict[str, tuple[str, bytes]]) -> None:
    first = incipit(files["tune.narrow.svg"][1].decode())
    assert first.count('class="system"') == 1 and 'class="page-head"' not in first and 'id="b1n0"' in first
    assert incipit('<svg xmlns="http://www.w3.org/2000/svg"/>') == ""
