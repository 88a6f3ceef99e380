"""`tunesmith run`, `bot`, `slack`, `web` and `worker`: start services that run until they are stopped."""

from __future__ import annotations

import asyncio

import click

from bot.cli.failure import Failure, read_settings
from bot.logs import configure
from bot.settings import Settings, quiet_tensorflow


@click.command()
def run() -> None:
    """Start everything: database, worker, web page, and what has tokens: the Discord bot, the Slack app or both."""
    settings = read_settings()
    _serve(settings, discord=settings.discord_token is not None, slack=settings.has_slack, web=True, worker=True)


@click.command()
def bot() -> None:
    """Start only the Discord bot. Workers take its jobs from the same database."""
    _serve(read_settings(), discord=True)


@click.command()
def slack() -> None:
    """Start only the Slack app. Workers take its jobs from the same database."""
    _serve(read_settings(), slack=True)


@click.command()
def web() -> None:
    """Start only the web page."""
    _serve(read_settings(), web=True)


@click.command()
@click.option("--supervised", is_flag=True, hidden=True, help="Stop when standard input ends.")
def worker(supervised: bool) -> None:
    """Start a worker, which composes and renders the requested tunes."""
    settings = read_settings()
    _observe(settings)
    quiet_tensorflow()
    from bot.worker import work
    from generator.composer.weights import WeightsError
    from generator.rendering.result import RenderingError
    from storage import StorageError

    try:
        asyncio.run(work(settings, supervised=supervised))
    except (RenderingError, StorageError, WeightsError) as error:
        raise Failure(error) from error


def _serve(settings: Settings, *, discord: bool = False, slack: bool = False, web: bool = False, worker: bool = False) -> None:
    from bot.core.login import NoLogin
    from bot.services import serve
    from bot.web import WebError
    from storage import StorageError

    _observe(settings)
    if web:
        click.echo(f"Tunesmith's page: http://{settings.web_host}:{settings.web_port}", err=True)
    if web and worker and not discord and not slack:
        click.echo("No token is set, so only the web page runs. See .env.example for how to add the bot.", err=True)
    try:
        asyncio.run(serve(settings, discord=discord, slack=slack, web=web, worker=worker))
    except (NoLogin, StorageError, WebError) as error:
        raise Failure(error) from error


def _observe(settings: Settings) -> None:
    from storage import tracing

    configure(json=settings.log_json, level=settings.log_level)
    if settings.otel_exporter_otlp_endpoint:
        tracing.start(settings.otel_exporter_otlp_endpoint)
