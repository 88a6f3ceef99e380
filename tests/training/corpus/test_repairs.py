"""Unambiguous errors are repaired, doubtful tunes are rejected."""

import pytest

from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import JIG_HEADER
from training.corpus.build import build
from training.corpus.sources import RawTune

END = "|BGB AFA|EFE EFG|DFA dfa|gfe fdB|AFA gec|d3 d2"


@pytest.mark.parametrize(
    ("wrong", "corrected", "reason"),
    [
        (f"{JIG_HEADER}A|DFA dfa BGB AFA{END}:|\n", f"{JIG_HEADER}A|DFA dfa|BGB AFA{END}:|\n", "a missing bar line"),
        (f"{JIG_HEADER}A|DFA dfa{END.replace('c|d3', 'c d3')}:|\n", f"{JIG_HEADER}A|DFA dfa{END}:|\n", "a missing bar line"),
        (
            f"{JIG_HEADER}A|DFA dfa{END}:|\n|:c DFA dfa{END}:|\n",
            f"{JIG_HEADER}A|DFA dfa{END}:|\n|:c|DFA dfa{END}:|\n",
            "a missing bar line after the pick-up",
        ),
        (f"{JIG_HEADER}A|DFA|dfa{END}:|\n", f"{JIG_HEADER}A|DFA dfa{END}:|\n", "an extra bar line"),
        (f"{JIG_HEADER}A|DFA dfa{END.replace(' d2', '|d2')}:|\n", f"{JIG_HEADER}A|DFA dfa{END}:|\n", "an extra bar line"),
        (f"{JIG_HEADER}A|DFA dfaz{END}:|\n", f"{JIG_HEADER}A|DFA dfa{END}:|\n", "an extra rest"),
        (
            f"{JIG_HEADER}A|DFA df2a{END}A|DFA dfa{END}:|\n",
            f"{JIG_HEADER}A|DFA dfa{END}A|DFA dfa{END}:|\n",
            "note lengths corrected from an equal bar",
        ),
        (
            f"{JIG_HEADER}A|DFA d>f/a{END}:|\n".replace("d>f/a", "d>f/g"),
            f"{JIG_HEADER}A|DFA d>fg{END}:|\n",
            "a note shortened twice after >",
        ),
        (
            f"{JIG_HEADER}|:DFA dfa{END}c|AF|[1 Addd{END}c:|[2 gfed{END}c|]\n",
            f"{JIG_HEADER}|:DFA dfa{END}c|[1 AFAddd{END}c:|[2 AFgfed{END}c|]\n",
            "a bar completed by each ending",
        ),
        (
            f"{JIG_HEADER}A|DFA dfa{END}:|\n[K:Bm]A|DFA bfa{END}:|\n",
            f"{JIG_HEADER}A|DFA dfa{END}:|\nA|DFA bfa{END}:|\n",
            "a redundant change of key or metre",
        ),
        (f"{JIG_HEADER}A|DFA =\ndfa{END} :| =20\n", f"{JIG_HEADER}A|DFA dfa{END}:|\n", "line breaks of a mail program"),
        (
            f"{JIG_HEADER}A|DFA d\n/e/fa{END}:|\n",
            f"{JIG_HEADER}A|DFA d/e/fa{END}:|\n",
            "a line break inside a note, chord or ending",
        ),
    ],
)
def test_an_unambiguous_error_is_repaired(wrong: str, corrected: str, reason: str) -> None:
    corpus = build([RawTune("book", wrong)])
    (verdict,) = corpus.verdicts
    assert (verdict.verdict, verdict.reason) == ("repaired", reason)
    assert reason in verdict.detail
    assert corpus.entries[0].tokens == encode(read(corrected))


@pytest.mark.parametrize(
    "doubtful",
    [
        f"{JIG_HEADER}A|DFA dfaB{END}:|\n",  # one note too many, but which?
        f"{JIG_HEADER}A|DFA|dfa|BGB{END}:|\n",  # three half bars: which of them belong together?
        f"{JIG_HEADER}A|D^FA dfa BGB AFA|=f^gf gfe dfa b=ga{END}:|\n",  # does the sharp still apply in the second bar?
        f"{JIG_HEADER}A|DFA df3 GB AFA{END}:|\n",  # a note sounds across the missing bar line
        f"{JIG_HEADER}A|DFA df{END}A|DFA df2|D2FA df|DFA d2f{END}:|\n",  # the equal bars disagree
        f"{JIG_HEADER}A|DFA dfa{END}:|\n[K:Dm]A|DFA bfa{END}:|\n",  # a different key signature
        f"{JIG_HEADER}"
        + "A|"
        + "|".join(f"{letter}FA dfa BGB AFA" for letter in "DEFGA")
        + f"{END}:|\n",  # the same error five times
    ],
)
def test_a_doubtful_tune_is_rejected(doubtful: str) -> None:
    corpus = build([RawTune("book", doubtful)])
    assert [verdict.verdict for verdict in corpus.verdicts] == ["rejected"]
    assert corpus.entries == []
