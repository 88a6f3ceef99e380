"""The modes of a request: what to do with the opening."""

from __future__ import annotations

from typing import Literal, get_args

# "continue": compose the rest of the tune. "answer": add one phrase. "vary": the opening is a whole tune; compose some bars anew.
# "second part": the opening is a whole first part; add a second. "play": the opening is a whole tune; play it unchanged.
OpeningMode = Literal["continue", "answer", "vary", "second part", "play"]
OPENING_MODES: tuple[OpeningMode, ...] = get_args(OpeningMode)

ANSWER_BARS = (2, 4, 8)  # possible lengths of an answer
