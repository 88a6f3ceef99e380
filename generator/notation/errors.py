"""What is said when ABC text cannot be read."""


class NotationError(ValueError):
    """One human sentence about ABC text, and where it applies.

    `line` and `column` count from 1 in the text that was handed in; `text` is the offending piece.
    """

    def __init__(self, sentence: str, *, line: int | None = None, column: int | None = None, text: str = "") -> None:
        self.sentence, self.line, self.column, self.text = sentence, line, column, text
        where = f"Line {line}, column {column}: " if line is not None and column is not None else ""
        super().__init__(where + sentence)
