"""The error for ABC that cannot be read or used."""

from generator.user_messages import UserError, UserMessage


class NotationError(UserError):
    """ABC that cannot be read or used, with the position of the problem if it has one.

    `reason` is the message without the position. `line` and `column` count from 1 in the text that was read; `text` is the
    part of it that cannot be read.
    """

    def __init__(self, reason: UserMessage, *, line: int | None = None, column: int | None = None, text: str = "") -> None:
        self.reason, self.line, self.column, self.text = reason, line, column, text
        has_position = line is not None and column is not None
        super().__init__(
            UserMessage("Line {line}, column {column}: {message}", line=line, column=column, message=reason)
            if has_position
            else reason
        )
