"""What the reader passes over in silence because a tune can do without it, named for whoever wants all of theirs drawn."""

from __future__ import annotations

import re

from generator.user_messages import UserMessage

# Each with the sentence to show. The reader itself names what it leaves out of the notes.
_PASSED_OVER = (
    (re.compile(r"^\s*[wW]:[^\S\n]*\S", re.MULTILINE), UserMessage("The words (w:) were left out.")),
    (re.compile(r"^\s*%%[^\S\n]*\S|^\s*I:|\[I:", re.MULTILINE), UserMessage("Directives (%% and I:) were left out.")),
    (
        re.compile(r"^\s*[mUsr]:[^\S\n]*\S", re.MULTILINE),
        UserMessage("Macros, symbol lines and remarks (m:, U:, s:, r:) were left out."),
    ),
    (re.compile(r'"\s*[\^_<>@][^"\n]*\w[^"\n]*"'), UserMessage("Text above and below the staff was left out.")),
)


def passed_over(text: str) -> list[UserMessage]:
    """Sentences about what stands in the first tune of ABC text and not in the score that `reader.read` makes of it."""
    first = "".join(re.split(r"^(?=X:)", text, flags=re.MULTILINE)[:2])  # and what stands before it
    return [sentence for pattern, sentence in _PASSED_OVER if pattern.search(first)]
