"""The `tunesmith` command and its subcommands."""

from __future__ import annotations

from importlib.metadata import version

import click

from bot.cli.backup import backup, restore
from bot.cli.bench import bench
from bot.cli.compose import compose, render
from bot.cli.doctor import doctor
from bot.cli.serve import bot, run, slack, web, worker
from bot.cli.train import corpus, evaluate, report, train


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=f"Version {version('tunesmith')}.")
@click.version_option(version("tunesmith"))
def main() -> None:
    """Compose, engrave and play Irish dance tunes: in Discord, in Slack, on a web page or on the command line."""


for command in (run, bot, slack, web, worker, compose, render, corpus, train, evaluate, report, bench, doctor, backup, restore):
    main.add_command(command)
