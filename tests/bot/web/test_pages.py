"""The compose page and the pages of tunes."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from bot.web.form import new_token
from generator.notation.reader import read
from generator.request import PARAMETERS
from storage.tunes import Status
from tests.bot.web.conftest import ABC, OPEN_LIMIT, Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
JSON = {"Accept": "application/json"}
SCRIPT = "<script>alert(1)</script>\"'"


async def test_the_compose_page_has_a_labelled_field_for_every_parameter(site: Site, visitor: Visitor) -> None:
    async with site.storage.model_offers.offer({"reels-2": "", "aird-1": SCRIPT}):
        answer = await visitor.get("/")
    page = await answer.text()
    assert answer.status == 200
    for name in PARAMETERS:
        assert re.search(rf'<(input|select|textarea)[^>]* name="{name}"', page)
        assert re.search(rf'<(input|select|textarea)[^>]* id="{name}"', page)


async def test_models_are_offered_with_descriptions_and_unknown_ones_are_refused(site: Site, visitor: Visitor) -> None:
    async with site.storage.model_offers.offer({"reels-2": "", "aird-1": SCRIPT}):
        page = await (await visitor.get("/?model=aird-1")).text()
        assert '<option value="reels-2">reels-2</option>' in page
        assert re.search(r'<option value="aird-1" selected>aird-1: &lt;script&gt;[^<]*</option>', page)
        tune = await site.storage.tune(await visitor.compose(model="Aird-1", tempo="0,8", without="ties"))
        assert tune is not None
        assert (tune.request.model, tune.request.tempo) == ("aird-1", 0.8)
        assert tune.request.without == ("ties",)
        page = await (await visitor.get(f"/?from={tune.id}")).text()
        assert 'value="0.8"' in page and re.search(r'value="ties"[^>]* checked', page)
        for field, typed, message in [
            ("model", "zither", "There is no model “zither” here. Try reels-2 or aird-1."),
            ("tempo", "fast", "Tempo must be from 0.5 (slow) to 1.5 (fast), not fast."),
            ("without", "joy", "leave out “joy”. Try triplets"),
            ("key", "Dm7", "“Dm7” is not a key"),
            ("opening", "please write me a nice tune", "“please write me a nice tune” is not ABC"),
            ("tempo", "9", "Tempo must be from 0.5 (slow) to 1.5 (fast), not 9."),
        ]:
            refused = await visitor.post("/tunes", data={field: typed})
            page = await refused.text()
            assert refused.status == 422 and message in page and f'<a href="#{field}">' in page


async def test_a_form_becomes_a_tune_with_its_request(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(
        rhythm="jig", key="e dorian", metre="6/8", opening="|:E2B B2A|\r\n", temperature="0.7", seed="7", title=" Mine "
    )
    tune = await site.storage.tune(tune_id)
    assert tune is not None
    request = tune.request
    assert (request.rhythm, request.key, request.metre, request.opening) == ("jig", "Edor", "6/8", "|:E2B B2A|")
    assert (request.temperature, request.seed, request.title, tune.origin.platform) == (0.7, 7, "Mine", "web")


async def test_the_form_filled_from_a_tune_keeps_mode_strength_and_structure(site: Site, visitor: Visitor) -> None:
    opening = "M:6/8\nK:D\n|:" + "DFA dfa|" * 7 + "d6:|"
    tune_id = await visitor.compose(opening=opening, mode="vary", strength="3", structure="free")
    tune = await site.storage.tune(tune_id)
    assert tune is not None
    assert (tune.request.mode, tune.request.strength, tune.request.structure) == ("vary", 3, "free")
    page = await (await visitor.get(f"/?from={tune_id}")).text()
    for value in ("vary", "3", "free"):
        assert f'value="{value}" selected>{value}</option>' in page
    blank = await (await visitor.get("/")).text()
    for name, value in (("mode", "continue"), ("strength", "2"), ("structure", "parts")):
        menu = blank.split(f'name="{name}"')[1].split("</select>")[0]
        assert f'<option value="">{value}</option>' in menu
        assert f'<option value="{value}">' not in menu


async def test_an_error_is_shown_beside_its_field_and_the_form_keeps_its_values(visitor: Visitor) -> None:
    answer = await visitor.post(
        "/tunes", {"rhythm": "jig", "key": "H", "opening": "|:EAAB|", "title": "Mine & yours", "seed": "4"}
    )
    page = await answer.text()
    assert answer.status == 422
    assert re.search(r'id="key-error">[^<]*not a key', page)
    assert 'aria-invalid="true"' in page
    assert 'value="Mine &amp; yours"' in page and 'value="4"' in page and "|:EAAB|</textarea>" in page
    assert re.search(r'name="rhythm" value="jig"[^>]* checked', page)


async def test_all_errors_are_shown_at_once_in_the_order_of_the_form(visitor: Visitor) -> None:
    wrong = {"text": "a waltz in H7", "seed": "lucky", "tempo": "9", "other_key": "H", "rhythm": "reel", "metre": "6/8"}
    answer = await visitor.post("/tunes", wrong)
    page = await answer.text()
    assert answer.status == 422 and "Please correct these 4 things" in page
    summary = page.split('id="summary"')[1].split("</div>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["key", "metre", "tempo", "seed"]
    assert all(f'id="{name}-error"' in page for name in ("key", "metre", "tempo", "seed"))
    body = await (await visitor.post("/tunes", json=wrong, headers=JSON)).json()
    assert [error["field"] for error in body["errors"]] == ["key", "metre", "tempo", "seed"]
    assert body["field"] == "key" and "not a key" in body["error"]


async def test_a_text_becomes_a_tune_and_a_number_of_tunes(site: Site, visitor: Visitor) -> None:
    tune = await site.storage.tune(await visitor.compose(text="eine langsame Polka in h-Moll", ignored="tempo", backing="with"))
    assert tune is not None
    assert (tune.request.rhythm, tune.request.key, tune.request.tempo, tune.request.backing) == ("polka", "Bm", 1.0, True)
    first = await site.storage.tune(await visitor.compose(text="2 waltzes in D"))
    assert first is not None and first.set_id
    assert [each.request.rhythm for each in await site.storage.set_of(first.set_id)] == ["waltz", "waltz"]


async def test_an_unclear_text_is_refused_and_kept(visitor: Visitor) -> None:
    answer = await visitor.post("/tunes", {"text": "hello <there>"})
    page = await answer.text()
    assert answer.status == 422 and "I found nothing to compose" in page and "hello &lt;there&gt;</textarea>" in page
    answer = await visitor.post("/tunes", {"text": "a reel in Dm7", "title": "Kept"})
    page = await answer.text()
    assert answer.status == 422 and re.search(r'id="text-error">[^<]*not a key', page) and 'value="Kept"' in page


async def test_what_is_understood_is_told_while_somebody_types(visitor: Visitor) -> None:
    answer = await visitor.post("/understood", {"text": "a slow jig in G minor for <grandma>", "ignored": "key"})
    part = await answer.text()
    assert "Understood: jig, in G minor, slow<" in part and 'data-mood="slow"' in part and "Skipped: grandma" in part
    assert re.search(r'name="ignored" value="key" checked', part) and "<html" not in part
    assert (await (await visitor.post("/understood", {"text": " "})).text()).strip() == ""
    many = await (await visitor.post("/understood", {"text": "ten tunes"})).text()
    assert "I compose 1 to 4 tunes at a time. Ask again for more" in many
    assert "Ask again" not in await (await visitor.post("/understood", {"text": "ten tunes", "ignored": "count"})).text()


async def test_values_in_the_address_are_checked(visitor: Visitor) -> None:
    page = await (await visitor.get("/?rhythm=nonsense&text=a+jig+in+D")).text()
    assert "know the rhythm “nonsense”" in page and "in D major" in page
    assert "Please correct" not in await (await visitor.get("/?mode=vary&key=Em")).text()  # the opening is not missing yet


async def test_a_double_click_composes_once(visitor: Visitor) -> None:
    form = {"token": new_token(), "rhythm": "polka"}
    answers = await asyncio.gather(*(visitor.post("/tunes", form) for _ in range(4)))
    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1


async def test_going_back_and_changing_the_form_requests_another_tune(visitor: Visitor) -> None:
    token = new_token()
    assert await visitor.compose(token=token, rhythm="polka") != await visitor.compose(token=token, rhythm="waltz")


async def test_programs_compose_with_json(site: Site, visitor: Visitor) -> None:
    answer = await visitor.post("/tunes", json={"rhythm": "reel", "seed": 7, "temperature": 1.2}, headers=JSON)
    accepted = await answer.json()
    assert answer.status == 202
    assert accepted["address"] == answer.headers["Location"] == f"/tunes/{accepted['id']}"
    tune = await site.storage.tune(accepted["id"])
    assert tune is not None
    assert (tune.request.seed, tune.request.temperature) == (7, 1.2)


async def test_programs_get_the_name_of_the_wrong_field(visitor: Visitor) -> None:
    answer = await visitor.post("/tunes", json={"key": ["D"]}, headers=JSON)
    assert answer.status == 422
    assert (await answer.json())["field"] == "key"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b'"reel"', 400),
        ("application/json", b"\xff", 400),
        ("application/json", b"[" * 50_000, 400),
        ("application/json; charset=nonsense", b"{}", 415),
        ("text/plain", b"rhythm=reel", 415),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="key"; filename="k"\r\n\r\nD\r\n--x--',
            415,
        ),
    ],
)
async def test_unreadable_bodies_are_refused(visitor: Visitor, content_type: str, body: bytes, status: int) -> None:
    answer = await visitor.post("/tunes", body, headers=JSON | {"Content-Type": content_type})
    assert answer.status == status
    assert (await answer.json())["error"].endswith(".")


async def test_a_huge_body_is_refused_with_advice(visitor: Visitor) -> None:
    answer = await visitor.post("/tunes", {"opening": "A" * 1_000_000})
    assert answer.status == 413
    assert "Shorten the opening" in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/tunes", "/tunes/000000000000/again", "/tunes/000000000000/vary"])
async def test_other_sites_cannot_compose(visitor: Visitor, path: str, headers: dict[str, str]) -> None:
    answer = await visitor.post(path, {"rhythm": "reel"}, headers=headers)
    assert answer.status == 403
    assert "another site" in await answer.text()


async def test_our_own_form_is_accepted(site: Site, visitor: Visitor) -> None:
    for headers in ({"Origin": site.address}, {"Sec-Fetch-Site": "same-origin", "Origin": site.address}):
        assert (await visitor.post("/tunes", {"rhythm": "reel"}, headers=headers)).status == 303


async def test_too_many_open_tunes_are_refused_with_the_form_kept(site: Site, visitor: Visitor) -> None:
    for _ in range(OPEN_LIMIT):
        await visitor.compose()
    answer = await visitor.post("/tunes", {"title": "One more"})
    page = await answer.text()
    assert answer.status == 429
    assert 'role="alert"' in page and 'value="One more"' in page
    async with ClientSession(site.address) as stranger:
        assert (await stranger.post("/tunes", allow_redirects=False)).status == 303


async def test_an_unfinished_tune_shows_its_progress(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(title="Slowly")
    waiting = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
    assert waiting["status"] == "queued" and waiting["queue_position"] >= 1
    assert '<meta http-equiv="refresh"' in await (await visitor.get(f"/tunes/{tune_id}")).text()
    await site.storage.start(tune_id)
    await site.storage.progress(tune_id, status=Status.COMPOSING, bars=5, draft=ABC)
    composing = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
    assert (composing["status"], composing["bars"], composing["queue_position"]) == ("composing", 5, 0)
    page = await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert "<span data-bars>5</span>" in page and f'src="/tunes/{tune_id}/draft.svg?at=5-composing"' in page
    drawing = await visitor.get(f"/tunes/{tune_id}/draft.svg")
    assert drawing.content_type == "image/svg+xml" and "sandbox" in drawing.headers["Content-Security-Policy"]
    heads = (await drawing.text()).count("<ellipse")
    assert heads == sum(len(bar.notes) for bar in read(ABC).bars)
    narrow = await (await visitor.get(f"/tunes/{tune_id}/draft.svg?line=2")).text()
    assert narrow.count("<ellipse") == heads and 'width="420"' in narrow


async def test_a_finished_tune_shows_its_abc_and_files(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(rhythm="reel", seed="4711")
    await site.finish(tune_id)
    page = await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert '<h1 id="title">The Web Reel</h1>' in page
    assert "EAAB c2Bc|dBAB G2EG|" in page and "4711" in page and "test-lstm" in page
    for name in ("tune.abc", "tune.mp3", "tune.mid", "tune.musicxml", "tune.png", "tune.svg"):
        assert f'href="/tunes/{tune_id}/files/{name}"' in page
    body = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
    assert body["composition"]["abc"] == ABC and body["request"]["seed"] == 4711
    assert {file["name"] for file in body["files"]} >= {"tune.mp3", "tune.svg"}
    assert f'href="/tunes/{tune_id}"' in await (await visitor.get("/")).text()


async def test_the_owners_id_is_not_shown(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    tune = await site.storage.tune(tune_id)
    assert tune is not None and tune.origin.user_id
    for path in (f"/tunes/{tune_id}", f"/tunes/{tune_id}.json"):
        assert tune.origin.user_id not in await (await visitor.get(path)).text()


async def test_again_requests_the_same_with_a_new_seed(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(rhythm="jig", key="G", seed="1")
    form = {"token": new_token()}
    first = await visitor.post(f"/tunes/{tune_id}/again", form)
    second = await visitor.post(f"/tunes/{tune_id}/again", form)
    assert first.headers["Location"] == second.headers["Location"] != f"/tunes/{tune_id}"
    again = await site.storage.tune(first.headers["Location"].removeprefix("/tunes/"))
    assert again is not None
    assert (again.request.rhythm, again.request.key) == ("jig", "G") and again.request.seed != 1


async def test_vary_uses_the_tune_as_opening_and_parent(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(rhythm="reel", temperature="0.6")
    early = await visitor.post(f"/tunes/{tune_id}/vary")
    assert early.headers["Location"] == f"/tunes/{tune_id}"
    await site.finish(tune_id)
    answer = await visitor.post(f"/tunes/{tune_id}/vary", {"token": new_token()})
    child = await site.storage.tune(answer.headers["Location"].removeprefix("/tunes/"))
    assert child is not None and child.parent_id == tune_id
    request = child.request
    assert (request.mode, request.opening.strip(), request.rhythm, request.key, request.metre) == (
        "vary",
        ABC.strip(),
        "reel",
        "Ador",
        "4/4",
    )
    assert request.temperature == 0.6
    await site.finish(child.id, title="The Other Reel")
    page = await (await visitor.get(f"/tunes/{child.id}")).text()
    assert f'a variation of <a href="/tunes/{tune_id}">The Web Reel</a>' in page


async def test_a_failed_tune_shows_its_error_and_links_to_the_filled_form(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(rhythm="jig", key="Em", title="Never & ever")
    await site.storage.start(tune_id)
    await site.storage.fail(tune_id, "The worker ran out of <ink>.")
    page = await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert "ran out of &lt;ink&gt;." in page and f'href="/?from={tune_id}"' in page
    form = await (await visitor.get(f"/?from={tune_id}")).text()
    assert re.search(r'value="jig"[^>]* checked', form) and re.search(r'value="Em"[^>]* checked', form)
    assert 'value="Never &amp; ever"' in form


async def test_user_input_is_escaped(site: Site, visitor: Visitor) -> None:
    pages = [
        await (await visitor.get("/?" + urlencode({"title": SCRIPT, "opening": "</textarea>" + SCRIPT, "rhythm": SCRIPT}))).text()
    ]
    refused = await visitor.post("/tunes", {"key": SCRIPT, "title": SCRIPT, "opening": "</textarea>" + SCRIPT})
    pages.append(await refused.text())
    tune_id = await visitor.compose(title=SCRIPT)
    pages.append(await (await visitor.get(f"/tunes/{tune_id}")).text())
    await site.finish(tune_id, title=SCRIPT, abc=f"X:1\nT:{SCRIPT}</pre>\nK:D\nD|\n", model=SCRIPT)
    pages.append(await (await visitor.get(f"/tunes/{tune_id}")).text())
    pages.append(await (await visitor.get("/")).text())
    for page in pages:
        assert "<script>alert" not in page and page.count("</textarea>") <= 2 and "alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    "path", ["/tunes/000000000000", "/tunes/short", "/tunes/00000000000%00", "/tunes/000000000000/events", "/nowhere", "/tunes/"]
)
async def test_an_unknown_address_is_a_404_with_a_message(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status == 404
    assert f"There is no such {'tune' if path.startswith('/tunes/') else 'page'}." in await answer.text()


async def test_programs_get_their_404_as_json(visitor: Visitor) -> None:
    answer = await visitor.get("/tunes/000000000000.json")
    assert answer.status == 404
    assert set(await answer.json()) == {"error"}


async def test_an_unknown_tune_to_start_from_leaves_the_form_empty(visitor: Visitor) -> None:
    for name in ("000000000000", "' or 1=1 --", "٣" * 12, "\0" * 12):
        assert (await visitor.get("/?" + urlencode({"from": name}))).status == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/health", "/metrics", "/tunes/000000000000.json"])
async def test_every_response_has_security_headers(visitor: Visitor, path: str) -> None:
    headers = (await visitor.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
    assert "Python" not in headers["Server"]


async def test_pages_have_no_inline_scripts_or_styles(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    pages = [await (await visitor.get(path)).text() for path in ("/", "/nowhere", f"/tunes/{tune_id}")]
    await site.finish(tune_id)
    pages.append(await (await visitor.get(f"/tunes/{tune_id}")).text())
    for page in pages:
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|https?://", page)


async def test_the_cookie_is_http_only_and_set_once(visitor: Visitor) -> None:
    cookie = (await visitor.get("/")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Set-Cookie" not in (await visitor.get("/")).headers


async def test_static_files_are_cached_until_they_change(visitor: Visitor) -> None:
    page = await (await visitor.get("/")).text()
    addresses = re.findall(r'"(/static/[^"]+)"', page)
    assert {address.rpartition("/")[2] for address in addresses} == {
        "mark.svg", "base.css+forms.css+compose.css+examples.css", "page.js", "latin.woff2", "latin-italic.woff2",
    }  # fmt: skip
    for address in addresses:
        answer = await visitor.get(address)
        assert answer.status == 200 and "immutable" in answer.headers["Cache-Control"]
    styles = await (await visitor.get(next(address for address in addresses if "+" in address))).text()
    assert "@font-face" in styles and ".landscape" in styles
    assert "immutable" not in (await visitor.get("/static/old/base.css")).headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    ["..%2f__init__.py", "%2fetc%2fpasswd", "..%5cviews.py", "base.html", "base.css+page.js", "base.css+..%2fviews.py"],
)
async def test_static_names_are_never_paths(visitor: Visitor, name: str) -> None:
    assert (await visitor.get(f"/static/x/{name}")).status == 404


async def test_the_page_of_a_played_tune_shows_its_notices(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose(opening=ABC, mode="play")
    tune = await site.storage.tune(tune_id)
    assert tune is not None and tune.request.mode == "play"
    waiting = await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert "The tune to play" in waiting and "Temperature" not in waiting
    await site.finish(tune_id, rhythm="", model="", notices=("Only the first <voice> was read.",))
    page = await (await visitor.get(f"/tunes/{tune_id}")).text()
    assert "Only the first &lt;voice&gt; was read." in page and "played as written" in page
    assert "<dt>Model</dt>" not in page and "<dt>Seed</dt>" not in page
    state = await (await visitor.get(f"/tunes/{tune_id}.json")).json()
    assert state["composition"]["notices"] == ["Only the first <voice> was read."]


async def test_an_unreadable_tune_to_play_is_shown_beside_its_field(visitor: Visitor) -> None:
    answer = await visitor.post("/tunes", {"opening": "play me a nice one", "mode": "play"})
    assert answer.status == 422
    assert re.search(r'id="opening-error">[^<]*is not ABC', await answer.text())
