"""The pages speak the language that the browser prefers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from bot.web.language import preferred, text
from tests.bot.web.conftest import Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
TEMPLATES = sorted((Path(__file__).parents[3] / "bot" / "web" / "templates").glob("*.html"))
# Names, file types and keys that are the same in all languages.
SAME = {"Tunesmith", "ABC", "PDF", "Cdor", "autofocus"}
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')  # in a macro, outside of a tag
READ = re.compile(r'>([^<>]*)<|(?:aria-label|alt|title|placeholder)="([^"]*)"')


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("", "en"), ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("gd, ga;q=0.4, en;q=0.3", "ga"), ("en;q=0.5, fr", "fr"),
        ("ja", "en"), ("*", "en"), ("es;q=0", "en"), ("fr;q=x, es-MX", "es"), ("," * 5_000 + "de", "en"),
    ],
)  # fmt: skip
async def test_the_header_chooses_the_language(accept: str, code: str) -> None:
    assert preferred(accept).code == code


@pytest.mark.asyncio(loop_scope="function")
async def test_a_waiting_visitor_is_told_so_in_the_language_of_the_browser(empty_site: Site) -> None:
    """On a site of its own: the models that another test offered stay offered for a minute."""
    async with empty_site.new_visitor() as visitor:
        tune_id = await visitor.compose()
        page = await (await visitor.get(f"/tunes/{tune_id}", headers={"Accept-Language": "es"})).text()
    assert "Tu melodía está guardada y empieza en cuanto vuelva el compositor." in page


async def test_pages_are_in_the_language_of_the_browser_and_caches_know_it(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(title="<b>Kept</b>", rhythm="reel")
    await site.finish(tune_id, title="<b>Kept</b>")
    for path, words in (
        ("/", "Komponier einen irischen Tune"),
        (f"/tunes/{tune_id}", "Reel in A-dorisch, 4/4"),
        ("/gallery", "Tunes, die hier und auf anderen Plattformen geteilt wurden."),
        ("/editor", "Ab dem Cursor weiter"),
        ("/nowhere", "Diese Seite gibt es nicht."),
        ("/?seed=x&text=hello", "Bitte berichtige diese 2 Dinge"),
    ):
        answer = await visitor.get(path, headers={"Accept-Language": "de-CH"})
        page = await answer.text()
        assert '<html lang="de">' in page and words in page, path
        assert answer.headers["Content-Language"] == "de"
        assert "Accept-Language" in answer.headers["Vary"]
        assert "<b>Kept" not in page
    assert '<html lang="en">' in await (await visitor.get("/")).text()


async def test_json_has_its_messages_in_the_language_of_the_caller(visitor: Visitor) -> None:
    french = {"Accept": "application/json", "Accept-Language": "fr"}
    refused = await visitor.post("/tunes", {"key": "H"}, headers=french)
    assert "tonalité" in (await refused.json())["error"]
    assert "n’existe pas" in (await (await visitor.get("/tunes/000000000000.json", headers=french)).json())["error"]


async def test_the_manifest_is_in_the_language_of_the_browser(visitor: Visitor) -> None:
    answer = await visitor.get("/manifest.webmanifest", headers={"Accept-Language": "fr"})
    manifest = await answer.json(content_type="application/manifest+json")
    assert manifest["lang"] == "fr" and manifest["description"].startswith("De nouveaux airs irlandais")
    assert manifest["description"] in await (await visitor.get("/", headers={"Accept-Language": "fr"})).text()
    assert "Accept-Language" in answer.headers["Vary"]


async def test_values_of_a_text_are_escaped() -> None:
    assert text("Play {title}", title="<i>&") == "Play &lt;i&gt;&amp;"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
async def test_templates_have_no_bare_texts(path: Path) -> None:
    tokens = Environment(autoescape=True).lex(path.read_text("utf-8"))
    plain = "".join(value if kind == "data" else "\0" for _, kind, value in tokens)
    words = [
        word for found in READ.findall(f">{plain}<") for word in re.findall(r"[^\W\d_]{3,}", ATTRIBUTE.sub("", "".join(found)))
    ]
    code = re.findall(r"<(?:code|dt)>.*?</", plain)
    assert [word for word in words if word not in SAME and not any(word in each for each in code)] == []
