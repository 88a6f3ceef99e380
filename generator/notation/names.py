"""Names that stand in sentences as values, and on buttons and in menus: of rhythms, keys and instruments."""

from __future__ import annotations

from generator.user_messages import UserMessage

NAMES = {
    str(name): name
    for name in (
        UserMessage("reel"), UserMessage("jig"), UserMessage("slip jig"), UserMessage("hornpipe"), UserMessage("polka"), UserMessage("slide"),
        UserMessage("waltz"), UserMessage("march"), UserMessage("strathspey"), UserMessage("air"),
        UserMessage("major"), UserMessage("minor"), UserMessage("dorian"), UserMessage("mixolydian"), UserMessage("phrygian"),
        UserMessage("lydian"), UserMessage("locrian"),
        UserMessage("fiddle"), UserMessage("flute"), UserMessage("whistle"), UserMessage("accordion"), UserMessage("concertina"),
        UserMessage("banjo"), UserMessage("harp"), UserMessage("piano"),
        UserMessage("triplets"), UserMessage("semiquavers"), UserMessage("accidentals"), UserMessage("rests"), UserMessage("ties"),
        UserMessage("pick-ups"), UserMessage("second endings"),
        # Tonics: not all call B what the English do.
        UserMessage("C"), UserMessage("D"), UserMessage("E"), UserMessage("F"), UserMessage("G"), UserMessage("A"), UserMessage("B"),
        UserMessage("C#"), UserMessage("D#"), UserMessage("E#"), UserMessage("F#"), UserMessage("G#"), UserMessage("A#"), UserMessage("B#"),
        UserMessage("Cb"), UserMessage("Db"), UserMessage("Eb"), UserMessage("Fb"), UserMessage("Gb"), UserMessage("Ab"), UserMessage("Bb"),
    )
}  # fmt: skip


def named(name: str) -> str:
    """The name as a UserMessage, so that it can be said in other languages; any other text as it is."""
    return NAMES.get(name, name)
