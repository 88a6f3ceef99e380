"""`tunesmith backup` and `tunesmith restore`: the database and the tunes' files in one file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from bot.cli.failure import Failure, read_settings, write_failure
from bot.cli.options import EXISTING_FILE, FILE

MISSING_SHOWN = 20


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write the database and the tunes' files of this moment into FILE, while Tunesmith runs or not."""
    from bot.services import backup_to
    from storage import StorageError

    try:
        summary = asyncio.run(backup_to(file, read_settings()))
    except StorageError as error:
        raise Failure(error) from error
    except OSError as error:
        raise write_failure(error, file) from error
    for missing in summary.missing[:MISSING_SHOWN]:
        click.echo(f"{missing.name} of tune {missing.tune_id} is {'damaged' if missing.damaged else 'missing'}.", err=True)
    if len(summary.missing) > MISSING_SHOWN:
        click.echo(
            f"… {len(summary.missing)} files in all are missing or damaged; `summary.json` in the backup lists them.", err=True
        )
    click.echo(f"{file}: the database and {summary.contents} files, {file.stat().st_size / 1e6:,.1f} MB.")


@click.command()
@click.argument("file", type=EXISTING_FILE)
def restore(file: Path) -> None:
    """Restore FILE, a backup or an automatic dump, into an empty database. Stop Tunesmith before.

    A backup can contain any program for the database: restore only files that you trust.
    """
    from bot.services import restore_from
    from storage import StorageError

    try:
        manifest, summary = asyncio.run(restore_from(file, read_settings()))
    except StorageError as error:
        raise Failure(error) from error
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror or error}.") from error
    click.echo(f"Restored the database and {summary.contents} files of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
    if summary.missing:
        click.echo(f"{len(summary.missing)} files were missing when the backup was made.", err=True)
