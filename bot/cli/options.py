"""Path types, and the options for the parameters of a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.request import PARAMETERS

Command = TypeVar("Command", bound=Callable[..., Any])

DIRECTORY = click.Path(file_okay=False, path_type=Path)  # may not exist yet
EXISTING_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)  # may not exist yet
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_METAVARS = {int: "INTEGER", float: "NUMBER", tuple: "NAMES"}
_EXTRA_HELP = {
    "opening": "@FILE reads a file.",
    "model": "`tunesmith doctor` lists the installed ones.",
}


def request_options(command: Command) -> Command:
    """Adds an option for each parameter of a request. Values stay text: `TuneRequest.check` reads them."""
    for name in reversed(PARAMETERS):
        command = request_option(name)(command)
    return command


def request_option(name: str) -> Callable[[Command], Command]:
    parameter = PARAMETERS[name]
    if parameter.kind is bool:
        return click.option(f"--{name}/--no-{name}", default=None, help=parameter.help)
    choices = f"One of {', '.join(map(str, parameter.choices))}." if parameter.choices else ""
    text = " ".join(filter(None, (parameter.help, choices, _EXTRA_HELP.get(name))))
    return click.option(f"--{name}", metavar=_METAVARS.get(parameter.kind, "TEXT"), help=text)
