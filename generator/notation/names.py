"""Names of rhythms, modes, keys, instruments and omissions that can be translated, in messages, menus and buttons."""

from __future__ import annotations

from generator.user_messages import UserMessage

TRANSLATABLE_NAMES = {
    str(name): name
    for name in (
        # Rhythms.
        UserMessage("reel"), UserMessage("jig"), UserMessage("slip jig"), UserMessage("hornpipe"), UserMessage("polka"),
        UserMessage("slide"), UserMessage("waltz"), UserMessage("march"), UserMessage("strathspey"), UserMessage("air"),
        # Modes.
        UserMessage("major"), UserMessage("minor"), UserMessage("dorian"), UserMessage("mixolydian"), UserMessage("phrygian"),
        UserMessage("lydian"), UserMessage("locrian"),
        # Instruments.
        UserMessage("fiddle"), UserMessage("flute"), UserMessage("whistle"), UserMessage("accordion"),
        UserMessage("concertina"), UserMessage("banjo"), UserMessage("harp"), UserMessage("piano"), UserMessage("pipes"),
        # Omissions (`TuneRequest.without`).
        UserMessage("triplets"), UserMessage("semiquavers"), UserMessage("accidentals"), UserMessage("rests"),
        UserMessage("ties"), UserMessage("pick-ups"), UserMessage("second endings"),
        # Tonics: B is “H” in German and “si” in French.
        UserMessage("C"), UserMessage("D"), UserMessage("E"), UserMessage("F"), UserMessage("G"), UserMessage("A"),
        UserMessage("B"), UserMessage("C#"), UserMessage("D#"), UserMessage("E#"), UserMessage("F#"), UserMessage("G#"),
        UserMessage("A#"), UserMessage("B#"), UserMessage("Cb"), UserMessage("Db"), UserMessage("Eb"), UserMessage("Fb"),
        UserMessage("Gb"), UserMessage("Ab"), UserMessage("Bb"),
    )
}  # fmt: skip


def translatable(name: str) -> str:
    """The name as a UserMessage if it is one of TRANSLATABLE_NAMES; any other text unchanged."""
    return TRANSLATABLE_NAMES.get(name, name)
