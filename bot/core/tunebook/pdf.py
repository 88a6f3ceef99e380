"""A tunebook as a PDF: title page, contents with incipits, and the tunes with a QR code to the recording and chord charts.

Typst sets it. The book's data reach the template as JSON, so that no title is read as markup.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import segno
import structlog
import typst

from bot.core.naming import key_name
from bot.core.texts import tunebook as texts
from bot.core.tunebook.incipit import incipit
from bot.languages import Language
from generator.notation.names import translatable
from storage.errors import FileMissing, StorageError
from storage.gallery import Order
from storage.storage import Storage
from storage.tunes import Tune
from storage.viewer import Viewer

Translate = Callable[[str], str]
MAX_TUNES = 100  # a tune takes 30 ms
_SHEET_FONT = re.compile(r'font-family="Times, serif"')  # a reader of PDF files has no default serif font
log = structlog.get_logger(__name__)
_compiling = asyncio.Semaphore(1)  # a book takes a core and 100 MB


@dataclass(frozen=True, slots=True)
class Book:
    """What a tunebook has. `address` is that of the page, without which there are no QR codes."""

    title: str
    tunes: Sequence[Tune]
    address: str | None = None
    chords: bool = False
    language: str = "en"


async def tunebook_pdf(storage: Storage, book: Book, translate: Translate = str) -> bytes:
    """The PDF of tunes that are finished; empty without any. Tunes whose sheet cannot be read are left out."""
    with tempfile.TemporaryDirectory(prefix="tunebook-") as name:
        folder = Path(name)
        tunes = []
        for number, tune in enumerate(book.tunes[:MAX_TUNES]):
            if entry := await _entry(storage, book, tune, number, folder, translate):
                tunes.append(entry)
        if not tunes:
            return b""
        words = {
            "title": book.title,
            "count": translate(texts.tunes(len(tunes))),
            "contents": translate(texts.CONTENTS),
            "recording": translate(texts.RECORDING),
        }
        data = words | {"lang": book.language, "tunes": tunes, "chords": book.chords}
        (folder / "data.json").write_text(json.dumps(data), "utf-8")
        async with _compiling:
            return await asyncio.to_thread(_compile, folder)


async def to_print(
    storage: Storage, viewer: Viewer, *, own: bool, order: Order, translate: Language, address: str | None = None
) -> bytes:
    """The PDF of the viewer's own tunes, or of those shared where they are. Empty if it fails: it comes beside the ABC."""
    try:
        gallery = storage.gallery
        page = await (gallery.mine(viewer, limit=MAX_TUNES) if own else gallery.shared(viewer, order=order, limit=MAX_TUNES))
        title = translate(texts.OWN if own else texts.SHARED)
        return await tunebook_pdf(storage, Book(title, page.tunes, address, language=translate.code), translate)
    except Exception:
        log.exception("A tunebook could not be printed.")
        return b""


async def _entry(
    storage: Storage, book: Book, tune: Tune, number: int, folder: Path, translate: Translate
) -> dict[str, object] | None:
    """The data of one tune, whose pictures are written to the folder."""
    made = tune.composition
    assert made is not None
    names = {file.name for file in await storage.files(tune.id)}
    try:
        sheet = (await storage.read(tune.id, "tune.svg")).decode()
        narrow = (await storage.read(tune.id, "tune.narrow.svg")).decode() if "tune.narrow.svg" in names else sheet
        times = (
            json.loads(await storage.read(tune.id, "tune.timemap.json")) if book.chords and "tune.timemap.json" in names else {}
        )
    except (KeyError, FileMissing, StorageError):
        return None
    pictures = {"sheet": sheet, "incipit": incipit(narrow)}
    if book.address and tune.shared:
        qr = segno.make(f"{book.address}/tunes/{tune.id}", error="m", micro=False)
        pictures["qr"] = qr.svg_inline(border=0, scale=4)
        pictures["qr"] = pictures["qr"].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    files = {}
    for kind, picture in pictures.items():
        if picture:
            files[kind] = f"{number}-{kind}.svg"
            (folder / files[kind]).write_text(_SHEET_FONT.sub('font-family="STIXGeneral"', picture), "utf-8")
    entry: dict[str, object] = {
        "title": made.title,
        "about": ", ".join(translate(each) for each in (translatable(made.rhythm), key_name(made.key)) if each),
        "address": f"{book.address}/tunes/{tune.id}" if "qr" in files else "",
        "chart": _chart(times),
    }
    return entry | {kind: files.get(kind, "") for kind in ("sheet", "incipit", "qr")}


def _chart(times: object) -> list[list[str]]:
    """The chords that begin in each written bar, without pick-ups; `%` in a bar that goes on with the one before."""
    if not isinstance(times, dict) or not times.get("written"):  # an older tune
        return []
    lengths = {bar["bar"]: bar["end_ms"] - bar["onset_ms"] for bar in times["bars"]}
    bars: dict[int, list[str]] = {bar: [] for bar, length in sorted(lengths.items()) if 2 * length > max(lengths.values())}
    for note in times["written"]:
        if "chord" in note and note["bar"] in bars:
            bars[note["bar"]].append(note["chord"])
    return [chords or ["%"] for chords in bars.values()] if any(bars.values()) else []


def _compile(folder: Path) -> bytes:
    template = resources.files(__package__).joinpath("tunebook.typ").read_text("utf-8")
    (folder / "tunebook.typ").write_text(template, "utf-8")
    return bytes(typst.compile(folder / "tunebook.typ", root=folder, font_paths=[_fonts()], ignore_system_fonts=True) or b"")


@cache
def _fonts() -> Path:
    """The folder of the fonts of the sheets, which come with matplotlib."""
    spec = importlib.util.find_spec("matplotlib")  # not imported: that takes half a second
    assert spec and spec.origin
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
