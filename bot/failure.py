"""How a command of `tunesmith` ends when it cannot do what it should, and the settings that it begins with."""

from __future__ import annotations

from typing import Any

import click
from pydantic import ValidationError

from bot.settings import Settings


class Failure(click.ClickException):
    """A command's end in one human sentence."""

    exit_code: int  # type: ignore[misc]  # click has it as a constant of the class

    def __init__(self, error: BaseException, exit_code: int = 1) -> None:
        super().__init__(str(error))
        self.exit_code = getattr(error, "exit_code", exit_code)

    def show(self, file: Any = None) -> None:
        click.echo(f"tunesmith: {self.message}", err=True)


def read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        sentence = f"The setting {name} is wrong: {first['msg']}. Correct it in .env or the environment."
        raise Failure(ValueError(sentence)) from None
