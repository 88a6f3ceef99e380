"""What the reader passes over in silence because a tune can do without it, named for whoever wants all of theirs drawn."""

from __future__ import annotations

import re

# Each with the sentence to show. The reader itself names what it leaves out of the notes.
_PASSED_OVER = (
    (re.compile(r"^\s*[wW]:\s*\S", re.MULTILINE), "The words (w:) were left out."),
    (re.compile(r"^\s*%%\s*\S|^\s*I:|\[I:", re.MULTILINE), "Directives (%% and I:) were left out."),
    (re.compile(r"^\s*[mUsr]:\s*\S", re.MULTILINE), "Macros, symbol lines and remarks (m:, U:, s:, r:) were left out."),
    (re.compile(r'"\s*[\^_<>@][^"\n]*\w[^"\n]*"'), "Text above and below the staff was left out."),
)


def passed_over(text: str) -> list[str]:
    """Sentences about what stands in ABC text and not in the score that `reader.read` makes of it."""
    return [sentence for pattern, sentence in _PASSED_OVER if pattern.search(text)]
