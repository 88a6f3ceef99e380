"""The corpus: what is used and what is left out, rhythms, families, and a split that no family crosses."""

import json
from collections import defaultdict
from fractions import Fraction

import pytest

from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import LETTERS, melody, raw, text
from training.corpus import HELD_OUT, build, find_families, infer_rhythm, prepare, split_of
from training.sources import RawTune


def up_a_fifth(bars: list[str]) -> list[str]:
    letters = ["D", "E", "F", "G", "A", "B", "c", "d", "e", "f", "g", "a", "b", "c'", "d'", "e'"]
    return ["".join(letters[letters.index(letter) + 4] for letter in bar) for bar in bars]


def kin(bars: list[str], seed: int) -> list[str]:
    """The tune with its last two bars written anew."""
    return bars[:-2] + melody(seed + 9999, 2)


def test_no_family_is_on_both_sides_of_the_split():
    tunes = []
    for seed in range(150):
        bars = melody(seed)
        tunes += [raw(bars), raw(kin(bars, seed)), raw(up_a_fifth(kin(bars, seed + 1)), key="A")]
    corpus = build(tunes)
    sides = defaultdict(set)
    members = defaultdict(int)
    for entry in corpus.entries:
        sides[entry.family].add(entry.split)
        members[entry.family] += 1
    assert all(len(found) == 1 for found in sides.values())
    assert set(members.values()) == {3}
    assert len(members) == 150
    assert {entry.split for entry in corpus.entries} == {"train", "validation", "test"}
    assert sum(len(corpus.split(name)) for name in ("train", "validation", "test")) == len(corpus.entries)


def test_the_same_tune_in_another_key_is_a_duplicate_and_with_another_end_it_is_kin():
    bars = melody(1)
    corpus = build([raw(bars, key="D"), raw(up_a_fifth(bars), key="A"), raw(up_a_fifth(kin(bars, 1)), key="A"), raw(melody(2))])
    assert corpus.verdicts == {"used": 3, "the same tune again": 1}
    assert [entry.family for entry in corpus.entries] == ["book:1", "book:1", "book:4"]


def test_kinship_is_passed_on():
    rng = list(range(1, 60))
    first, second, third = rng[:30], rng[12:42], rng[24:54]
    assert find_families([[first, "a"], [second, "b"], [third, "c"], [[0] * 20, "d"]]) == ["a", "a", "a", "d"]
    assert find_families([[first, "a"], [third, "c"]]) == ["a", "c"]


def test_tunes_too_short_for_a_run_are_families_of_their_own():
    assert find_families([[[1, 2], "a"], [[1, 2], "b"], [[], "c"]]) == ["a", "b", "c"]


def test_the_split_depends_on_the_family_alone_and_has_its_shares():
    names = [f"book:{number}" for number in range(4000)]
    found = [split_of(name) for name in names]
    assert found == [split_of(name) for name in names]
    for side in ("validation", "test"):
        assert abs(found.count(side) / 4000 - HELD_OUT) < 0.015


def test_verdicts_say_why_a_tune_was_left_out():
    good = melody(3)
    corpus = build(
        [
            raw(good),
            raw(good, title="Another name", rhythm="reel"),
            RawTune("book", "X:1\nK:C\n]"),
            RawTune("book", text(melody(4)).replace("K:D", "K:Dlyd")),
            RawTune("book", text(melody(5)).replace("|", "A|", 3)),
            RawTune("book", "X:1\nM:6/8\nK:D\nDFA dfa|"),
            RawTune("book", text(melody(6, 500))),
            RawTune("book", text(melody(7)).replace("\n|:", "\n|:[K:G]").replace("|:[K:G]", "|:", 1)),
        ]
    )
    assert corpus.verdicts["used"] == 1
    assert corpus.verdicts["the same tune again"] == 1
    assert corpus.verdicts["cannot be read"] == 1
    assert corpus.verdicts["a change of key or metre"] == 1
    assert corpus.verdicts["a fragment, or longer than 1,200 tokens"] == 2
    assert sum(corpus.verdicts.values()) == 8
    assert any("lydian" in verdict for verdict in corpus.verdicts)


@pytest.mark.parametrize(
    ("collection", "head", "rhythm"),
    [
        ("book", "X:1\nT:x\nR:Double Jig\nM:6/8", "jig"),
        ("book", "X:1\nT:x\nR:reel\nM:6/8", ""),
        ("book", "X:1\nT:x\nR:tango\nM:6/8", ""),
        ("book", "X:1\nT:The Lame Hornpipe\nM:4/4", "hornpipe"),
        ("book", "X:1\nT:The Slip Jig of the Mill\nM:9/8", "slip jig"),
        ("book", "X:1\nT:Lament for a Kettle\nM:3/4", "air"),
        ("book", "X:1\nT:Reeling Home\nM:4/4", ""),
        ("book", "X:1\nT:x\nM:9/8", "slip jig"),
        ("book", "X:1\nT:x\nM:4/4", ""),
        ("book", "X:1\nT:x\nZ:id:hn-slipjig-12\nM:9/8", "slip jig"),
        ("book", "X:1\nT:x\nZ:id:hn-reel-12\nM:C|", "reel"),
        ("oneills1850", "X:700\nT:x\nM:6/8", "jig"),
        ("oneills1850", "X:700\nT:x\nM:4/4", ""),
        ("oneills1850", "X:1300\nT:x\nM:4/4", "reel"),
        ("oneills1850", "X:1120\nT:x\nM:9/8", "slip jig"),
        ("oneills1850", "X:3000\nT:x\nM:4/4", ""),
        ("book", "X:1\nT:x\nR:reel\nM:none", ""),
    ],
)
def test_the_rhythm_is_inferred(collection, head, rhythm):
    abc = head + "\nL:1/8\nK:D\nD2|"
    assert infer_rhythm(RawTune(collection, abc), read(abc)) == rhythm


def test_a_reel_in_two_four_is_counted_in_four_four():
    narrow = "X:1\nR:reel\nM:2/4\nL:1/16\nK:D\n|:D2FA d2fd|(3ABA G>F E4:|\n"
    wide = "X:1\nR:reel\nM:4/4\nL:1/8\nK:D\n|:D2FA d2fd|(3ABA G>F E4:|\n"
    score = prepare(RawTune("book", narrow), read(narrow))
    assert score.metre == Metre(4, 4)
    assert score.bars[0].duration == Fraction(1)
    assert encode(score) == encode(read(wide))
    polka = narrow.replace("reel", "polka")
    assert prepare(RawTune("book", polka), read(polka)).metre == Metre(2, 4)


def test_the_manifest_tells_builds_apart_and_the_file_holds_every_tune(tmp_path):
    tunes = [raw(melody(seed)) for seed in range(12)]
    corpus = build(tunes)
    manifest = corpus.manifest()
    assert manifest == build(tunes).manifest()
    assert manifest["sha256"] != build(tunes[:-1]).manifest()["sha256"]
    assert (manifest["tunes"], manifest["families"], manifest["rhythms"]) == (12, 12, {"jig": 12})
    assert manifest["tokens"] == sum(len(entry.tokens) for entry in corpus.entries)
    corpus.save(tmp_path / "new" / "corpus.jsonl")
    lines = (tmp_path / "new" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["tokens"] for line in lines] == [entry.tokens for entry in corpus.entries]
    assert set("".join(melody(1))) <= set(LETTERS)
