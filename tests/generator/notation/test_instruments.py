"""What instruments can play, and requests for what they can't."""

from __future__ import annotations

import pytest

from generator.notation.frequency_tables import KEY_COUNTS
from generator.notation.instruments import RANGES, home_keys
from generator.notation.keys import Key
from generator.notation.score import Pitch
from generator.request import RequestError, TuneRequest


def has(instrument: str, note: Pitch, key: str = "D") -> bool:
    return RANGES[instrument].has(note.midi, Key.parse(key))


def test_a_whistle_has_two_octaves_of_d_major_and_c_natural() -> None:
    assert all(has("whistle", Pitch(letter, octave, alter)) for octave in (4, 5) for letter, alter in Key("D").signature.items()
               if (letter, octave) != ("C", 4))  # fmt: skip
    assert has("whistle", Pitch("C", 5))
    assert not any(has("whistle", note) for note in (Pitch("C", 4, 1), Pitch("B", 3), Pitch("C", 6), Pitch("D", 6)))
    assert not any(has("whistle", note) for note in (Pitch("F", 4), Pitch("G", 4, 1), Pitch("B", 4, -1), Pitch("E", 5, -1)))


def test_a_whistle_player_half_holes_a_note_of_the_key() -> None:
    assert has("whistle", Pitch("G", 4, 1), "A") and has("whistle", Pitch("F", 4), "Am")
    assert not has("whistle", Pitch("F", 4), "A")


def test_an_anglo_concertina_has_no_low_g_sharp_and_a_harp_only_the_key() -> None:
    assert not has("concertina", Pitch("G", 3, 1), "A") and has("concertina", Pitch("G", 4, 1), "A")
    assert has("harp", Pitch("F", 4, 1), "D") and not has("harp", Pitch("F", 4), "D")


@pytest.mark.parametrize("instrument", RANGES)
def test_every_instrument_has_a_scale_in_every_key(instrument: str) -> None:
    for key in KEY_COUNTS:
        scale = {Pitch(letter, 4, alter).midi % 12 for letter, alter in key.signature.items()}
        assert {pitch % 12 for pitch in range(128) if RANGES[instrument].has(pitch, key)} >= scale


def test_the_keys_of_a_whistle_are_those_of_one_and_two_sharps() -> None:
    assert {key.abc for key in home_keys(KEY_COUNTS, "whistle")} == {"D", "G", "Em", "Bm", "Ador", "Edor", "Amix", "Dmix"}
    assert home_keys(KEY_COUNTS, "fiddle") == home_keys(KEY_COUNTS, "") == KEY_COUNTS


@pytest.mark.parametrize(
    ("request_of", "field"),
    [
        ({"key": "Gm"}, "key"),
        ({"key": "F"}, "key"),
        ({"opening": "K:Bb\nBcde|"}, "opening"),
        ({"opening": "Bcde|", "key": "Bb"}, "opening"),
    ],
)
def test_a_key_that_the_instrument_lacks_is_refused_with_others(request_of: dict[str, str], field: str) -> None:
    with pytest.raises(RequestError, match=r"not playable on the whistle\. Choose a key such as G major, D major, ") as caught:
        TuneRequest.check(instrument="whistle", **request_of)
    assert caught.value.field == field
    assert TuneRequest.check(instrument="flute", **request_of)


@pytest.mark.parametrize(
    "request_of", [{"key": "A"}, {"key": "Am"}, {"key": "minor"}, {}, {"opening": "K:Bb\nBcde|", "mode": "play"}]
)
def test_other_keys_and_tunes_that_are_played_as_written_are_accepted(request_of: dict[str, str]) -> None:
    assert TuneRequest.check(instrument="whistle", **request_of)
