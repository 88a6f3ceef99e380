"""English texts of `/tune`, `/render` and the menus of messages."""

from generator.notation.opening_modes import OpeningMode
from generator.user_messages import UserMessage

MODES: dict[OpeningMode, str] = {
    "continue": UserMessage("continue: complete the tune"),
    "answer": UserMessage("answer: compose one phrase that answers it"),
    "vary": UserMessage("vary: compose a variation (the opening is a whole tune)"),
    "second part": UserMessage("second part: compose its B part (the opening is an A part)"),
    "play": UserMessage("play: play it as written (the opening is a whole tune)"),
}
STRENGTHS = {1: UserMessage("1: a few changes"), 2: UserMessage("2: more changes"), 3: UserMessage("3: mostly new")}
CONTINUE_TUNE = UserMessage("Continue this tune")
PLAY_ABC = UserMessage("Play this ABC")
COMPOSE = UserMessage("Compose")
NO_ABC = UserMessage("I found no ABC in this message: no lines of ABC, no code block and no .abc file.")
LABELS = {
    "rhythm": UserMessage("Rhythm"),
    "key": UserMessage("Key"),
    "metre": UserMessage("Metre"),
    "opening": UserMessage("Opening in ABC"),
    "mode": UserMessage("What to do with the opening"),
    "strength": UserMessage("How much a variation changes"),
    "keep": UserMessage("Bars to keep"),
    "structure": UserMessage("Structure"),
    "title": UserMessage("Title"),
    "instrument": UserMessage("Instrument"),
    "backing": UserMessage("Guitar and bodhrán"),
    "chords": UserMessage("Chords above the notes"),
    "temperature": UserMessage("Temperature (0.1 to 2)"),
    "tempo": UserMessage("Tempo (0.5 to 1.5)"),
    "times": UserMessage("How many times it is played"),
    "model": UserMessage("Model"),
    "seed": UserMessage("Seed"),
    "without": UserMessage("Leave out"),
    "count": UserMessage("Number of tunes"),
}
COUNT = UserMessage("How many tunes to compose for this request, to choose from (default: 1).")


def count_out_of_range(least: int, most: int) -> UserMessage:
    return UserMessage("I compose {least} to {most} tunes at a time.", least=least, most=most)


def default_value(value: str) -> UserMessage:
    """Shown in an empty field."""
    return UserMessage("your default: {value}", value=value)
