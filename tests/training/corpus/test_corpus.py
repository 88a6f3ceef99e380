"""The corpus: manifest, saving and loading, and scores of its entries."""

from pathlib import Path

import pytest

from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import LETTERS, REEL_HEADER, melody, raw, up_a_fifth
from training.corpus.build import build
from training.corpus.corpus import Corpus, score_of
from training.corpus.sources import RawTune


@pytest.fixture(scope="module")
def small() -> Corpus:
    tunes = [raw(melody(seed)) for seed in range(12)]
    return build([*tunes, raw(up_a_fifth(melody(3)), key="A", title="Again"), RawTune("book", "X:9\nT:Nothing\nK:D\n")])


def test_the_manifest_has_a_digest_of_the_contents(small: Corpus) -> None:
    tunes = [raw(melody(seed)) for seed in range(12)]
    manifest = build(tunes).manifest()
    assert manifest == build(tunes).manifest()
    assert manifest["sha256"] != build(tunes[:-1]).manifest()["sha256"]
    assert manifest["sha256"] == small.manifest()["sha256"]
    assert (manifest["tunes"], manifest["families"], manifest["rhythms"]) == (12, 12, {"jig": 12})
    assert manifest["tokens"] == sum(len(entry.tokens) for entry in small.entries)
    assert small.manifest()["verdicts"] == {"used": 12, "rejected": 2}
    assert small.manifest()["rejections"] == {"duplicate": 1, "cannot be read": 1}
    assert set("".join(melody(1))) <= set(LETTERS)


def test_a_corpus_survives_saving_and_loading(tmp_path: Path, small: Corpus) -> None:
    small.save(tmp_path / "new" / "corpus.jsonl")
    again = Corpus.load(tmp_path / "new" / "corpus.jsonl")
    assert again == small
    again.save(tmp_path / "copy" / "corpus.jsonl")
    for name in ("corpus.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()
    assert len((tmp_path / "new" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()) == 14


@pytest.mark.parametrize("content", [None, "{", '{"id": "book:1", "title": "of an older version"}'])
def test_a_missing_or_outdated_corpus_names_the_command_to_run(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "corpus.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"contains no corpus of this version\. Run tunesmith corpus\."):
        Corpus.load(tmp_path / "corpus.jsonl")


def test_an_entry_gives_its_score_in_its_own_key_and_in_others() -> None:
    written = f"{REEL_HEADER}A2|DFAd fdAF|GBdg bgdB|^cdef gfed|c'2b2 agfe|d2A2 F2D2|z2DF Adfa|gfed cBAG|F2D2 D2:|\n".replace(
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
