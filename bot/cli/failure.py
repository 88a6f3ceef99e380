"""How a subcommand reports that it failed, and how it reads the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bot.settings import Settings


class Failure(click.ClickException):
    """Ends a command with one line on standard error: an error's message, or a text."""

    exit_code: int  # type: ignore[misc]  # click declares it as a constant of the class

    def __init__(self, error: BaseException | str, exit_code: int = 1) -> None:
        super().__init__(str(error))
        self.exit_code = getattr(error, "exit_code", exit_code)

    def show(self, file: Any = None) -> None:
        click.echo(f"tunesmith: {self.message}", err=True)


def write_failure(error: OSError, target: Path | str) -> Failure:
    """The failure to report when `target`, or the file that the error names, cannot be written."""
    return Failure(f"{target} cannot be written: {error.strerror or error}.")


def read_settings() -> Settings:
    """Raises Failure with the name of the first wrong setting."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise Failure(f"The setting {name} is wrong: {first['msg']}. Correct it in .env or the environment.") from None
