"""The engraved sheet: elements of its SVG and pixels of its PNG."""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from generator.notation.reader import read
from generator.rendering.sheet import engraving
from generator.rendering.sheet.engraving import MAX_HEIGHT, WIDTH, engrave, to_png
from generator.rendering.sheet.musicxml import write_musicxml
from tests.generator.rendering.tunes import ALL, JIG, PLAIN

SVG = "http://www.w3.org/2000/svg"


def _svg(text: str) -> str:
    score = read(text)
    return engrave(score, write_musicxml(score))


def _pixels(text: str) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(to_png(_svg(text))))
    assert image.format == "PNG"
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize("name", ALL)
def test_the_picture_shows_music_on_white_and_nothing_is_cut_off(name: str) -> None:
    pixels = _pixels(ALL[name])
    assert WIDTH / 2 < pixels.shape[1] <= WIDTH
    border = np.concatenate([pixels[:8].ravel(), pixels[-8:].ravel(), pixels[:, :8].ravel(), pixels[:, -8:].ravel()])
    assert border.min() == 255, "something touches the edge"
    ink = (pixels < 128).mean()
    assert 0.01 < ink < 0.25
    assert np.flatnonzero((pixels < 128).any(axis=1))[-1] > len(pixels) - 80, "empty paper below the music"


def test_a_longer_tune_gets_a_higher_page() -> None:
    body = "CDEF GABc|" * 8
    short, long = (_pixels(f"X:1\nT:t\nM:4/4\nL:1/8\nK:C\n{body * times}\n") for times in (1, 4))
    assert 2.5 < len(long) / len(short) < 4


def test_a_tune_of_one_line_gets_a_smaller_picture_not_larger_notes() -> None:
    short, long = (_pixels(f"X:1\nT:t\nM:4/4\nL:1/4\nK:C\n{'CDEF|' * bars}\n") for bars in (1, 8))
    assert short.shape[1] < 0.6 * WIDTH < long.shape[1] == WIDTH
    one, two = (np.diff(np.flatnonzero((each < 128).mean(axis=1) > 0.25))[:8] for each in (short, long))
    assert abs(max(one) - max(two[:4])) <= 1, "the staves differ in size"


def test_each_staff_has_five_lines_and_holds_four_bars() -> None:
    pixels = _pixels(JIG)
    rows = ((pixels < 128).mean(axis=1) > 0.8).astype(int)
    assert (np.diff(rows) == 1).sum() == 4 * 5


def test_the_title_is_drawn_without_system_fonts() -> None:
    without, plain = _pixels(PLAIN.replace("T:Plain\n", "")), _pixels(PLAIN)
    assert len(plain) > len(without)
    band = plain[: len(plain) - len(without)] < 128
    columns = np.flatnonzero(band.any(axis=0))
    assert len(columns) > 50, "the title is blank"
    assert abs((columns[0] + columns[-1]) / 2 - WIDTH / 2) < 20, "the title is not centred"


@pytest.mark.parametrize("title", ["W" * 120, "o" * 300, "word " * 60])
def test_long_titles_stay_on_the_page(title: str) -> None:
    pixels = _pixels(PLAIN.replace("Plain", title))
    assert pixels[:, :8].min() == 255 and pixels[:, -8:].min() == 255


def test_further_titles_and_the_words_of_the_tempo_are_shown_once() -> None:
    shown = ["Plain", "An tSlí", "Second", "Very slow", "= 60"]
    text = PLAIN.replace("T:Plain\n", 'T:Plain\nT:An tSlí\nT:Second\nQ:"Very slow" 1/4=60\n')
    texts = ["".join(element.itertext()).strip() for element in _elements(text, "text")]
    assert [each for each in texts if each in shown] == shown


VOICES = (
    "X:1\nT:Duet\nM:2/4\nL:1/8\nK:D\nV:1\n|:D2[DA]2|~d4:|\nw:mer-ry day\nV:2 bass\n|:D,4|~[D,F,]4:|\nW:After the tune\nW:\nW:"
    + "o" * 110
    + "\n"
)


def test_each_voice_has_a_staff_and_ids_of_its_own() -> None:
    score = read(VOICES, all_voices=True)
    root = ElementTree.fromstring(engrave(score, write_musicxml(score)))
    ids = {element.get("id", ""): element.get("class", "") for element in root.iter(f"{{{SVG}}}g")}
    shown = {"b0n0": "note", "b0n1": "chord", "b1n0": "note", "v1b0n0": "note", "v1b1n0": "chord"}
    assert {name: kind for name, kind in ids.items() if name in shown} == shown
    kinds = [element.get("class") for element in root.iter(f"{{{SVG}}}g")]
    assert (kinds.count("staff"), kinds.count("roll"), kinds.count("syl")) == (4, 2, 3)


def test_a_syllable_that_is_held_has_a_line() -> None:
    def lines(lyrics: str) -> int:
        score = read(f"X:1\nM:2/4\nL:1/8\nK:D\nD2E2|F4|\nw:{lyrics}\n")
        root = ElementTree.fromstring(engrave(score, write_musicxml(score)))
        return len(root.findall(f".//{{{SVG}}}g[@class='syl']/{{{SVG}}}rect"))

    assert [lines("one two three"), lines("one _ three"), lines("one _ _"), lines("* two _")] == [0, 1, 1, 1]


def test_words_after_the_tune_are_below_the_music_and_on_the_page() -> None:
    score = read(VOICES, all_voices=True)
    pixels, without = (
        np.asarray(Image.open(io.BytesIO(to_png(engrave(each, write_musicxml(each))))).convert("L"))
        for each in (score, replace(score, fields=()))
    )
    added = pixels[len(without) - 40 :] < 128
    assert len(pixels) > len(without) + 80
    assert added.any()
    assert pixels[:, -8:].min() == pixels[-8:].min() == 255, "something touches the edge"


def test_a_roll_is_an_arc_and_a_turn_a_turn() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:D\n~d !turn!d !roll![dfa] d|]\n"
    groups = [
        (element.get("class"), element[0].get("{http://www.w3.org/1999/xlink}href", "")[:5])
        for element in _elements(text, "g")
        if len(element)
    ]
    assert [group for group in groups if group[1] in ("#E567", "#E56F")] == [
        ("roll", "#E56F"),
        ("turn", "#E567"),
        ("roll", "#E56F"),
    ]
    paths = {element.get("id", "")[:4]: element[0].get("d") for element in _elements(text, "g") if len(element)}
    assert paths["E56F"] == engraving._ROLL_ARC
    assert write_musicxml(read(text)).count(b"<turn") == 3, "other programs show a turn"


def test_tempo_rhythm_and_title_are_shown_once() -> None:
    texts = ["".join(element.itertext()).strip() for element in _elements(JIG, "text")]
    assert texts.count("= 112") == 1
    assert texts.count("Jig") == 1
    assert [text for text in texts if "Kesh" in text] == ["The Kesh"]


def test_the_header_shows_key_order_of_the_parts_and_an_unusual_beat() -> None:
    text = "X:1\nT:t\nP:AAB\nQ:5/8=60\nM:5/8\nL:1/8\nK:Bb lyd ^c\nP:A\nCDEFG|\nP:B\nCDEFG|\n"
    texts = ["".join(element.itertext()).strip() for element in _elements(text, "text")]
    assert texts[:4] == ["t", "B♭ lydian with C♯", "5/8 = 60", "AAB"]


def test_parts_without_names_get_letters_if_they_are_long_enough() -> None:
    def boxes(body: str) -> list[str]:
        text = f"X:1\nT:t\nM:4/4\nL:1/4\nK:C\n{body}\n"
        return ["".join("".join(each.itertext()).split()) for each in _elements(text, "g") if each.get("class") == "reh"]

    four = "CDEF|" * 3 + "CDEF"
    assert boxes(f"{four}:|{four}:|") == ["A", "B"]
    assert boxes(f"G|{four}:|G|{four}:|") == ["A", "B"]
    assert boxes(f"{four}:|CDEF:|") == boxes(four + "|") == []
    assert boxes(f"P:X\n{four}:|{four}:|") == ["X"]


def test_a_composer_too_long_for_the_rhythm_s_line_is_shown_above_it() -> None:
    def height(composer: str) -> int:
        return len(_pixels(PLAIN.replace("R:polka", f"R:polka\nC:{composer}")))

    assert height("Trad.") == len(_pixels(PLAIN)) < height("Somebody of " + "Ennistymon " * 5)


def test_chord_symbols_are_shown_as_written_and_a_triple_repeat_is_marked() -> None:
    text = 'X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"Am7b5"C"D7sus4"D"Gmaj7/B"E"Coda"F::|\n'
    words = {"".join("".join(element.itertext()).split()) for element in _elements(text, "text")}
    assert {"Am7♭5", "D7sus4", "Gmaj7/B", "Coda", "3×"} <= words


def test_the_svg_has_no_styles_and_no_external_references() -> None:
    svg = _svg(JIG)
    assert "<style" not in svg and " style=" not in svg and "@import" not in svg
    assert not any(element.get("href") or element.get("src") for element in ElementTree.fromstring(svg).iter())
    assert all(target.startswith("#") for element in _elements(JIG, "use") for name, target in element.items() if "href" in name)
    assert all(element.get("stroke") == "currentColor" for element in _elements(JIG, "path") if element.get("stroke-width"))
    assert not any("placeholder" in element.get("class", "") for element in _elements(JIG, "g"))


@pytest.mark.parametrize("title", ["Ночь на Дону", "Μουσική", "שיר", "夜 שיר Ó"])
def test_a_title_in_another_alphabet_is_drawn(title: str) -> None:
    blank = _pixels(PLAIN.replace("Plain", "夜"))
    drawn = _pixels(PLAIN.replace("Plain", title))
    assert drawn.shape == blank.shape and (drawn < 128).sum() > (blank < 128).sum() + 200


def _elements(text: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(_svg(text)).iter(f"{{{SVG}}}{tag}"))


@pytest.mark.parametrize(
    "words",
    [
        '<script>alert(1)</script> & "x"',
        "]]><image href='file:///etc/passwd'/>",
        "&xxe; &#0; \u202e \ufffe <!--",
    ],
)
def test_user_text_is_never_markup(words: str) -> None:
    text = f'X:1\nT:{words}\nC:{words}\nR:{words}\nM:4/4\nK:C\nP:{words}\n"{words.replace(chr(34), "")}"C8|\n'
    root = ElementTree.fromstring(_svg(text))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "image", "a", "foreignObject"}
    assert _pixels(text).min() < 128


def test_the_svg_needs_no_music_font() -> None:
    text = 'X:1\nT:t\nR:reel\nM:4/4\nK:C\n"Bb"C4 "F#m7"D4|"Abdim"C8|\n'
    svg = _svg(text)
    assert "Leipzig" not in svg and "@font-face" not in svg
    words = ["".join("".join(element.itertext()).split()) for element in _elements(text, "text")]
    assert {"B♭", "F♯m7"} <= set(words)


def test_the_same_tune_gives_the_same_picture() -> None:
    assert to_png(_svg(JIG)) == to_png(_svg(JIG))


def test_a_page_that_is_too_high_is_scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraving, "MAX_HEIGHT", 300)
    image = Image.open(io.BytesIO(to_png(_svg(JIG))))
    assert image.height <= 301
    assert WIDTH * MAX_HEIGHT * 4 < 100 << 20, "more than 100 MB of pixels"
