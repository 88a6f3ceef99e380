"""The corpus: what is used and what is left out, rhythms, families, and a split that no family crosses."""

import hashlib
import json
from collections import defaultdict
from fractions import Fraction

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from generator.notation.keys import Key
from generator.notation.metres import Metre
from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import LETTERS, melody, raw, text
from training.corpus import sources
from training.corpus.collect import write
from training.corpus.corpus import HELD_OUT, Corpus, build, find_families, infer_rhythm, prepare, score_of, split_of
from training.corpus.sources import RawTune
from training.corpus.statistics import describe


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
    assert [(judged.verdict, judged.reason, judged.detail) for judged in corpus.verdicts] == [
        ("used", "", ""),
        ("rejected", "the same tune again", "as book:1"),
        ("used", "", ""),
        ("used", "", ""),
    ]
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
    assert corpus.manifest()["verdicts"] == {"rejected": 7, "used": 1}
    assert corpus.reasons("rejected") == {
        "a fragment, or longer than 1,200 tokens": 2,
        "the same tune again": 1,
        "cannot be read": 1,
        "a mode other than major, minor, dorian and mixolydian": 1,
        "a bar that does not add up": 1,
        "a change of key or metre": 1,
    }
    assert sum(corpus.manifest()["verdicts"].values()) == len(corpus.verdicts) == 8
    assert [judged.id for judged in corpus.verdicts] == [f"book:{number}" for number in range(1, 9)]
    details = {judged.reason: judged.detail for judged in corpus.verdicts}
    assert details["the same tune again"] == "as book:1"
    assert details["cannot be read"].startswith("Line 3, column 1: ")
    assert details["a mode other than major, minor, dorian and mixolydian"] == "the key D lydian"
    assert details["a bar that does not add up"] == "a bar of 7/8 in 3/4"


JIG = "X:1\nT:The Kettle\nR:jig\nM:6/8\nL:1/8\nK:D\n"
REEL = JIG.replace("jig", "reel").replace("6/8", "4/4")
END = "|BGB AFA|EFE EFG|DFA dfa|gfe fdB|AFA gec|d3 d2"


@pytest.mark.parametrize(
    ("slip", "meant", "reason"),
    [
        (f"{JIG}A|DFA dfa BGB AFA{END}:|\n", f"{JIG}A|DFA dfa|BGB AFA{END}:|\n", "a missing bar line"),
        (f"{JIG}A|DFA dfa{END.replace('c|d3', 'c d3')}:|\n", f"{JIG}A|DFA dfa{END}:|\n", "a missing bar line"),
        (
            f"{JIG}A|DFA dfa{END}:|\n|:c DFA dfa{END}:|\n",
            f"{JIG}A|DFA dfa{END}:|\n|:c|DFA dfa{END}:|\n",
            "a missing bar line after the pick-up",
        ),
        (f"{JIG}A|DFA|dfa{END}:|\n", f"{JIG}A|DFA dfa{END}:|\n", "a bar line too many"),
        (f"{JIG}A|DFA dfa{END.replace(' d2', '|d2')}:|\n", f"{JIG}A|DFA dfa{END}:|\n", "a bar line too many"),
        (f"{JIG}A|DFA dfaz{END}:|\n", f"{JIG}A|DFA dfa{END}:|\n", "a rest too many"),
        (
            f"{JIG}A|DFA df2a{END}A|DFA dfa{END}:|\n",
            f"{JIG}A|DFA dfa{END}A|DFA dfa{END}:|\n",
            "a bar written right elsewhere in the tune",
        ),
        (f"{JIG}A|DFA d>f/a{END}:|\n".replace("d>f/a", "d>f/g"), f"{JIG}A|DFA d>fg{END}:|\n", "a dotted note's fellow too short"),
        (
            f"{JIG}|:DFA dfa{END}c|AF|[1 Addd{END}c:|[2 gfed{END}c|]\n",
            f"{JIG}|:DFA dfa{END}c|[1 AFAddd{END}c:|[2 AFgfed{END}c|]\n",
            "a bar shared with its endings",
        ),
        (
            f"{JIG}A|DFA dfa{END}:|\n[K:Bm]A|DFA bfa{END}:|\n",
            f"{JIG}A|DFA dfa{END}:|\nA|DFA bfa{END}:|\n",
            "a change that changes nothing",
        ),
        (f"{JIG}A|DFA =\ndfa{END} :| =20\n", f"{JIG}A|DFA dfa{END}:|\n", "lines broken by a mail program"),
        (f"{JIG}A|DFA d\n/e/fa{END}:|\n", f"{JIG}A|DFA d/e/fa{END}:|\n", "lines broken inside a note, a chord or an ending"),
    ],
)
def test_a_slip_that_leaves_no_doubt_is_repaired(slip, meant, reason):
    corpus = build([RawTune("book", slip)])
    (judged,) = corpus.verdicts
    assert (judged.verdict, judged.reason) == ("repaired", reason)
    assert reason in judged.detail
    assert corpus.entries[0].tokens == encode(read(meant))


@pytest.mark.parametrize(
    "doubtful",
    [
        f"{JIG}A|DFA dfaB{END}:|\n",  # one note too many: which?
        f"{JIG}A|DFA|dfa|BGB{END}:|\n",  # three half bars: which belong together?
        f"{JIG}A|D^FA dfa BGB AFA|=f^gf gfe dfa b=ga{END}:|\n",  # does the sharp hold in the second bar?
        f"{JIG}A|DFA df3 GB AFA{END}:|\n",  # where the line goes, a note sounds
        f"{JIG}A|DFA df{END}A|DFA df2|D2FA df|DFA d2f{END}:|\n",  # elsewhere there are two ways
        f"{JIG}A|DFA dfa{END}:|\n[K:Dm]A|DFA bfa{END}:|\n",  # another signature
        f"{JIG}" + "A|" + "|".join(f"{letter}FA dfa BGB AFA" for letter in "DEFGA") + f"{END}:|\n",  # five times the same slip
    ],
)
def test_a_tune_in_doubt_is_left_out(doubtful):
    corpus = build([RawTune("book", doubtful)])
    assert [judged.verdict for judged in corpus.verdicts] == ["rejected"]
    assert corpus.entries == []


def test_a_repaired_tune_neither_names_a_family_nor_takes_the_place_of_a_sound_one():
    bars = melody(11)
    slip = text(bars).replace(f"{bars[0]}|{bars[1]}", bars[0] + bars[1])
    kindred = kin(bars, 11)
    sound = build([raw(melody(12)), raw(kindred), raw(bars)])
    corpus = build([RawTune("book", slip), raw(kindred), raw(bars)])
    assert [(judged.verdict, judged.detail) for judged in corpus.verdicts] == [
        ("rejected", "as book:3"),
        ("used", ""),
        ("used", ""),
    ]
    assert [(e.id, e.family) for e in corpus.entries] == [(e.id, e.family) for e in sound.entries[1:]]
    corpus = build([RawTune("book", slip), raw(kindred)])
    assert [(entry.id, entry.family) for entry in corpus.entries] == [("book:1", "book:2"), ("book:2", "book:2")]


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


@pytest.fixture(scope="module")
def small():
    tunes = [raw(melody(seed)) for seed in range(12)]
    return build([*tunes, raw(up_a_fifth(melody(3)), key="A", title="Again"), RawTune("book", "X:9\nT:Nothing\nK:D\n")])


def test_the_manifest_tells_builds_apart(small):
    tunes = [raw(melody(seed)) for seed in range(12)]
    manifest = build(tunes).manifest()
    assert manifest == build(tunes).manifest()
    assert manifest["sha256"] != build(tunes[:-1]).manifest()["sha256"]
    assert manifest["sha256"] == small.manifest()["sha256"]
    assert (manifest["tunes"], manifest["families"], manifest["rhythms"]) == (12, 12, {"jig": 12})
    assert manifest["tokens"] == sum(len(entry.tokens) for entry in small.entries)
    assert small.manifest()["verdicts"] == {"used": 12, "rejected": 2}
    assert small.manifest()["rejections"] == {"the same tune again": 1, "cannot be read": 1}
    assert set("".join(melody(1))) <= set(LETTERS)


def test_a_saved_corpus_is_read_back_whole_and_saved_alike(tmp_path, small):
    small.save(tmp_path / "new" / "corpus.jsonl")
    again = Corpus.load(tmp_path / "new" / "corpus.jsonl")
    assert again == small
    again.save(tmp_path / "copy" / "corpus.jsonl")
    for name in ("corpus.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()
    assert len((tmp_path / "new" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()) == 14


@pytest.mark.parametrize("content", [None, "{", '{"id": "book:1", "title": "of an older version"}'])
def test_without_a_corpus_the_command_to_run_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "corpus.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"holds no corpus of this version\. Run tunesmith corpus\."):
        Corpus.load(tmp_path / "corpus.jsonl")


def test_an_entry_gives_its_tune_in_its_own_key_and_in_others():
    written = f"{REEL}A2|DFAd fdAF|GBdg bgdB|^cdef gfed|c'2b2 agfe|d2A2 F2D2|z2DF Adfa|gfed cBAG|F2D2 D2:|\n".replace(
        "K:D", "K:Edor"
    )
    (entry,) = build([RawTune("book", written.replace("4/4", "C|"))]).entries
    assert (entry.title, entry.rhythm, entry.key, entry.metre) == ("The Kettle", "reel", "Edor", "2/2")
    score, original = score_of(entry), read(written)
    assert (score.title, score.rhythm, score.key.abc, str(score.metre)) == ("The Kettle", "reel", "Edor", "2/2")
    assert [note.melody for note in score.notes()] == [note.melody for note in original.notes()]
    assert [bar.duration for bar in score.bars] == [bar.duration for bar in original.bars]
    moved = score_of(entry, Key.parse("Ador"))
    assert encode(moved) == entry.tokens
    assert moved.key.abc == "Ador"


def test_the_split_is_fixed():
    sides = {"irish.abc:1": "train", "irish.abc:5": "test", "irish.abc:47": "test", "irish.abc:75": "validation"}
    assert {family: split_of(family) for family in sides} == sides


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A corpus of 40 tunes in a folder of its own, as the command leaves it, and what was said."""
    corpus = build(
        [
            *(raw(melody(seed, 16)) for seed in range(30)),
            *(RawTune("mine/", f"{JIG}A|{'|'.join(melody(seed))}|]\n", f"mine/a.abc:{seed}") for seed in range(40, 50)),
            RawTune("mine/", "X:1\nT:Broken\nK:D\n]", "mine/b.abc:1"),
        ]
    )
    folder = tmp_path_factory.mktemp("collected")
    return corpus, folder, write(corpus, folder)


def test_some_collections_can_be_had_alone(collected):
    corpus, *_ = collected
    mine = corpus.of(["mine/"])
    assert mine.entries == [entry for entry in corpus.entries if entry.id.startswith("mine/")]
    assert len(mine.entries) == 10 and len(mine.verdicts) == 11
    assert corpus.of(()) is corpus
    with pytest.raises(ValueError, match=r"There is no collection yours/\. There are: .*mine/\."):
        corpus.of(["mine/", "yours/"])


def test_statistics_count_collections_forms_parts_and_ranges(collected):
    _, folder, _ = collected
    figures = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    assert figures["tunes"] == 40
    assert figures["collections"] == {"book": {"tunes": 30, "of": 30}, "mine/": {"tunes": 10, "of": 11}}
    assert figures["forms"] == {"AABB": 30, "A": 10}
    assert figures["bars_a_part"] == {"8": 70}
    assert figures["aabb_among_dances"] == 0.75
    assert figures["notes"] == 30 * 96 + 10 * 49
    assert (figures["lengths"]["notes"]["least"], figures["lengths"]["notes"]["most"]) == (49, 96)
    assert (figures["range"]["lowest"]["median"], figures["range"]["highest"]["most"]) == (62, 79)
    assert (figures["modes"], figures["keys"], figures["metres"]) == ({"major": 40}, {"D": 40}, {"6/8": 40})


def test_the_summary_says_in_words_what_the_files_hold(collected):
    corpus, folder, said = collected
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"] == sources.SHA256
    assert manifest["sha256"] == corpus.manifest()["sha256"]
    for part in (
        "40 tunes in 40 families, 3,370 notes",
        "Verdicts on 41 tunes: used 40 (98%), rejected 1 (2%)",
        "1  cannot be read",
        "10 of 11  mine/",
        "of dance tunes 75% are AABB",
        "Lowest note: D4",
        f"SHA-256 of the corpus: {manifest['sha256']}",
    ):
        assert part in said


def test_a_part_that_comes_again_has_its_letter_again():
    one, two = ("|".join(melody(seed)) for seed in (1, 2))
    (figures,) = [describe(build([RawTune("book", f"{JIG}{one}|]\n{two}|]\n{one}|]\n")]))]
    assert figures["forms"] == {"ABA": 1}


def test_the_command_builds_the_same_corpus_twice_and_speaks_of_bad_files(tmp_path, monkeypatch):
    pinned = "\n".join(text(melody(seed), number=seed + 1) for seed in range(20)).encode()
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    (tmp_path / "data" / "corpus" / "irish.abc").write_bytes(pinned)
    monkeypatch.setattr(sources, "IRISH_SHA256", hashlib.sha256(pinned).hexdigest())
    monkeypatch.setattr(sources, "MUSIC21_SHA256", {})
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "good.abc").write_text(text(melody(30)), encoding="utf-8")
    (mine / "bad.abc").write_bytes(bytes(range(256)))
    found = []
    for out in ("one", "two"):
        result = CliRunner().invoke(main, ["corpus", "--abc", str(mine), "--out", str(tmp_path / out)])
        assert result.exit_code == 0, result.output
        assert "bad.abc was left out: it is not text." in result.stderr
        assert "21 tunes in 21 families" in result.stdout
        names = ("corpus.jsonl", "manifest.json", "statistics.json", "verdicts.jsonl")
        found.append([(tmp_path / out / name).read_bytes() for name in names])
    assert found[0] == found[1]
    assert Corpus.load(tmp_path / "one" / "corpus.jsonl").entries[-1].id == "mine/good.abc:1"


@pytest.mark.parametrize(("place", "sentence"), [("empty", "holds no tunes"), ("file/x", "cannot be written")])
def test_the_command_fails_in_one_sentence(tmp_path, monkeypatch, place, sentence):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    wish = ["--abc", str(tmp_path / place)] if place == "empty" else ["--out", str(tmp_path / place)]
    result = CliRunner().invoke(main, ["corpus", *wish])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
