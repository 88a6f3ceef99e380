"""Names that stand in sentences as values, and on buttons and in menus: of rhythms, keys and instruments."""

from __future__ import annotations

from generator.notation.sentences import Sentence

NAMES = {
    str(name): name
    for name in (
        Sentence("reel"), Sentence("jig"), Sentence("slip jig"), Sentence("hornpipe"), Sentence("polka"), Sentence("slide"),
        Sentence("waltz"), Sentence("march"), Sentence("strathspey"), Sentence("air"),
        Sentence("major"), Sentence("minor"), Sentence("dorian"), Sentence("mixolydian"), Sentence("phrygian"),
        Sentence("lydian"), Sentence("locrian"),
        Sentence("fiddle"), Sentence("flute"), Sentence("whistle"), Sentence("accordion"), Sentence("concertina"),
        Sentence("banjo"), Sentence("harp"), Sentence("piano"),
        Sentence("triplets"), Sentence("semiquavers"), Sentence("accidentals"), Sentence("rests"), Sentence("ties"),
        Sentence("pick-ups"), Sentence("second endings"),
        # Tonics: not all call B what the English do.
        Sentence("C"), Sentence("D"), Sentence("E"), Sentence("F"), Sentence("G"), Sentence("A"), Sentence("B"),
        Sentence("C#"), Sentence("D#"), Sentence("E#"), Sentence("F#"), Sentence("G#"), Sentence("A#"), Sentence("B#"),
        Sentence("Cb"), Sentence("Db"), Sentence("Eb"), Sentence("Fb"), Sentence("Gb"), Sentence("Ab"), Sentence("Bb"),
    )
}  # fmt: skip


def named(name: str) -> str:
    """The name as a Sentence, so that it can be said in other languages; any other text as it is."""
    return NAMES.get(name, name)
