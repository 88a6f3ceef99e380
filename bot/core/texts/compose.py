"""English texts of `/tune`, `/render` and the context menus."""

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
NO_ABC = UserMessage("I found no ABC in this message: no lines of ABC, no code block and no .abc file.")
COUNT = UserMessage("How many tunes to compose for this request, to choose from (default: 1).")
