"""What is said when ABC text cannot be read."""

from generator.notation.sentences import Sentence


class NotationError(ValueError):
    """One human sentence about ABC text, and where it applies: together they are `told`.

    `line` and `column` count from 1 in the text that was handed in; `text` is the offending piece.
    """

    def __init__(self, sentence: Sentence, *, line: int | None = None, column: int | None = None, text: str = "") -> None:
        self.sentence, self.line, self.column, self.text = sentence, line, column, text
        placed = line is not None and column is not None
        self.told = (
            Sentence("Line {line}, column {column}: {sentence}", line=line, column=column, sentence=sentence)
            if placed
            else sentence
        )
        super().__init__(self.told)
