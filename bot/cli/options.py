"""Types and options that several subcommands share."""

from __future__ import annotations

from pathlib import Path

import click

DIRECTORY = click.Path(file_okay=False, path_type=Path)  # may not exist yet
EXISTING_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)  # may not exist yet
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
