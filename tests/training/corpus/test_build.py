"""Building the corpus: verdicts, deduplication and preference for sound tunes."""

from tests.training.tunes import melody, raw, text, up_a_fifth, variant
from training.corpus.build import build
from training.corpus.sources import RawTune


def test_a_transposed_tune_is_a_duplicate_and_a_variant_is_in_its_family() -> None:
    bars = melody(1)
    corpus = build(
        [raw(bars, key="D"), raw(up_a_fifth(bars), key="A"), raw(up_a_fifth(variant(bars, 1)), key="A"), raw(melody(2))]
    )
    assert [(verdict.verdict, verdict.reason, verdict.detail) for verdict in corpus.verdicts] == [
        ("used", "", ""),
        ("rejected", "duplicate", "duplicate of book:1"),
        ("used", "", ""),
        ("used", "", ""),
    ]
    assert [entry.family for entry in corpus.entries] == ["book:1", "book:1", "book:4"]


def test_verdicts_say_why_a_tune_was_rejected() -> None:
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
        "shorter than 30 or longer than 1,200 tokens": 2,
        "duplicate": 1,
        "cannot be read": 1,
        "a mode other than major, minor, dorian and mixolydian": 1,
        "a bar of the wrong length": 1,
        "a change of key or metre": 1,
    }
    assert sum(corpus.manifest()["verdicts"].values()) == len(corpus.verdicts) == 8
    assert [verdict.id for verdict in corpus.verdicts] == [f"book:{number}" for number in range(1, 9)]
    details = {verdict.reason: verdict.detail for verdict in corpus.verdicts}
    assert details["duplicate"] == "duplicate of book:1"
    assert details["cannot be read"].startswith("Line 3, column 1: ")
    assert details["a mode other than major, minor, dorian and mixolydian"] == "the key D lydian"
    assert details["a bar of the wrong length"] == "a bar of 7/8 instead of 3/4"


def test_a_sound_tune_is_preferred_to_a_repaired_duplicate_and_names_the_family() -> None:
    bars = melody(11)
    wrong = text(bars).replace(f"{bars[0]}|{bars[1]}", bars[0] + bars[1])
    related = variant(bars, 11)
    sound = build([raw(melody(12)), raw(related), raw(bars)])
    corpus = build([RawTune("book", wrong), raw(related), raw(bars)])
    assert [(verdict.verdict, verdict.detail) for verdict in corpus.verdicts] == [
        ("rejected", "duplicate of book:3"),
        ("used", ""),
        ("used", ""),
    ]
    assert [(e.id, e.family) for e in corpus.entries] == [(e.id, e.family) for e in sound.entries[1:]]
    corpus = build([RawTune("book", wrong), raw(related)])
    assert [(entry.id, entry.family) for entry in corpus.entries] == [("book:1", "book:2"), ("book:2", "book:2")]
