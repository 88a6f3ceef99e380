"""Playing styles and instruments."""

import pickle

import pytest

from generator.notation.metres import RHYTHMS
from generator.notation.reader import read
from generator.rendering.performance.instruments import INSTRUMENTS, choose_instrument
from generator.rendering.style import SESSION, Style, style_of
from generator.request import INSTRUMENTS as REQUESTABLE
from generator.request import TuneRequest


def test_every_instrument_that_can_be_requested_can_be_played() -> None:
    assert tuple(INSTRUMENTS) == REQUESTABLE, "request.py and performance/instruments.py must list the same, in the same order"


def test_the_style_of_a_request_has_its_instrument_backing_times_and_seed() -> None:
    request = TuneRequest.check(seed=5, instrument="Harp", backing=False, times="2")
    assert style_of(request) == Style(instrument="harp", backing=False, times=2, feel=True, seed=5)


def test_a_style_can_be_pickled() -> None:
    style = Style("banjo", seed=3)
    assert pickle.loads(pickle.dumps(style)) == style


@pytest.mark.parametrize("rhythm", [*RHYTHMS, "", "tango"])
def test_every_rhythm_has_a_default_instrument(rhythm: str) -> None:
    assert choose_instrument(read(f"X:1\nR:{rhythm}\nM:4/4\nK:D\ndefg|\n"), SESSION) in INSTRUMENTS


def test_a_jig_too_low_for_the_flute_is_played_on_the_fiddle() -> None:
    high, low = (read(f"X:1\nR:jig\nM:6/8\nK:G\n{notes}|\n") for notes in ("GAB dBG", "G,A,B, DB,G,"))
    assert choose_instrument(high, SESSION) == "flute"
    assert choose_instrument(low, SESSION) == "fiddle"
    assert choose_instrument(low, Style("flute")) == "flute"
