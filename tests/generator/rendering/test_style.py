"""Instruments and what is asked for."""

import pickle

import pytest

from generator.notation.metres import RHYTHMS
from generator.notation.reader import read
from generator.rendering.performance.instruments import INSTRUMENTS, choose_instrument
from generator.rendering.style import SESSION, Style, style_of
from generator.request import INSTRUMENTS as ASKED
from generator.request import TuneRequest


def test_what_can_be_asked_for_can_be_played() -> None:
    assert tuple(INSTRUMENTS) == ASKED


def test_a_request_says_how_it_is_played() -> None:
    request = TuneRequest.check(seed=5, instrument="Harp", backing=False)
    assert style_of(request) == Style(instrument="harp", backing=False, feel=True, seed=5)


def test_a_style_survives_the_way_to_another_process() -> None:
    style = Style("banjo", seed=3)
    assert pickle.loads(pickle.dumps(style)) == style


@pytest.mark.parametrize("rhythm", [*RHYTHMS, "", "tango"])
def test_every_rhythm_has_an_instrument(rhythm: str) -> None:
    assert choose_instrument(read(f"X:1\nR:{rhythm}\nM:4/4\nK:D\ndefg|\n"), SESSION) in INSTRUMENTS


def test_a_tune_too_low_for_the_flute_goes_to_the_fiddle() -> None:
    high, low = (read(f"X:1\nR:jig\nM:6/8\nK:G\n{notes}|\n") for notes in ("GAB dBG", "G,A,B, DB,G,"))
    assert choose_instrument(high, SESSION) == "flute"
    assert choose_instrument(low, SESSION) == "fiddle"
    assert choose_instrument(low, Style("flute")) == "flute"
