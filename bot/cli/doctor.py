"""`tunesmith doctor`: checks each part of the installation and explains how to fix what is wrong."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.error import HTTPError
from urllib.request import urlopen

import click

from bot.cli.failure import Failure, read_settings
from bot.settings import Settings, quiet_tensorflow

INSTALL = "Run scripts/install."


@click.command()
def doctor() -> None:
    """Check each part of the installation and explain how to fix problems."""
    quiet_tensorflow()
    problems = 0
    for check in run_checks(read_settings()):
        click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.part}: {check.finding}")
        if not check.ok:
            problems += 1
            click.echo(f"      {check.remedy}")
    if problems:
        raise Failure(f"{problems} {'check' if problems == 1 else 'checks'} failed.")


@dataclass(frozen=True, slots=True)
class Check:
    part: str
    ok: bool
    finding: str
    remedy: str = ""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Yields the result of each check as soon as it is done."""
    for part, check in (
        ("database", _database), ("FluidSynth", _fluidsynth), ("sound font", _soundfont), ("model", _model),
        ("processor", _processor), ("sandbox", _sandbox), ("sheet and recording", _rendering), ("GPU", _gpu),
        ("Discord token", _token), ("Slack", _slack), ("web port", _port),
    ):  # fmt: skip
        yield _guarded(part, check, settings)


def _guarded(part: str, check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except Exception as error:  # any error is a finding
        return Check(part, False, f"{type(error).__name__}: {error}", INSTALL)


def _database(settings: Settings) -> Check:
    from bot.process import storage_of
    from storage import StorageError

    async def connect() -> None:
        async with storage_of(settings):
            pass

    kind = "the server at DATABASE_URL" if settings.database_url else f"embedded, in {settings.data_dir},"
    try:
        asyncio.run(connect())
    except StorageError as error:
        remedy = (
            "Correct DATABASE_URL, or remove it to use the embedded database."
            if settings.database_url
            else "Set DATA_DIR to a folder on this machine that you own, or DATABASE_URL to a PostgreSQL server."
        )
        return Check("database", False, str(error), remedy)
    return Check("database", True, f"{kind} answers and is up to date")


def _fluidsynth(settings: Settings) -> Check:
    program = shutil.which("fluidsynth")
    if program is None:
        return Check("FluidSynth", False, "the program is not installed", INSTALL)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True)
    return Check("FluidSynth", True, next((line for line in version.stdout.splitlines() if "version" in line), program))


def _soundfont(settings: Settings) -> Check:
    from generator.rendering.audio.sound_font import find_soundfont
    from generator.rendering.result import RenderingError

    try:
        return Check("sound font", True, str(find_soundfont(settings.soundfont)))
    except RenderingError as error:
        return Check("sound font", False, str(error), INSTALL)


def _model(settings: Settings) -> Check:
    from generator.composer.models import Models, folders
    from generator.composer.weights import WeightsError, load_weights

    remedy = "Correct MODEL, restore generator/weights with git, or run `tunesmith train`."
    try:
        card = load_weights(settings.model).card
        models = Models(folders(settings.model, settings.further_models))
    except WeightsError as error:
        return Check("model", False, str(error), remedy)
    if models.unreadable:
        return Check(
            "model",
            False,
            " ".join(models.unreadable),
            f"Train it again, move it out of {settings.further_models}, or restore it with git.",
        )
    others = f"; also {', '.join(models.names[1:])}" if models.names[1:] else ""
    bits = card["loss"]["test_bits_per_note"]
    return Check("model", True, f"{card['name']} of {card['date']}, {bits} bits per note on test tunes{others}")


def _processor(settings: Settings) -> Check:
    from generator.composer.integer_product import CHOSEN
    from generator.composer.processor import PROCESSOR
    from generator.composer.runtime import processors

    limited = ", limited by ONEDNN_MAX_CPU_ISA" if PROCESSOR.limited else ""
    has = f"{processors()} × {PROCESSOR.name} with {PROCESSOR.instruction_sets}{limited}"
    return Check("processor", True, f"{has}; composes with {CHOSEN.name}, the fastest of them for 8-bit integers")


def _sandbox(settings: Settings) -> Check:
    from generator.rendering import sandbox

    if lacks := sandbox.missing():
        linux = sys.platform.startswith("linux")
        return Check(
            "sandbox", not linux, lacks, "Use Linux 5.13 or newer with Landlock (CONFIG_SECURITY_LANDLOCK, lsm=landlock,…)."
        )
    return Check("sandbox", True, "the renderer reads and writes only what it needs, without network")


def _rendering(settings: Settings) -> Check:
    from generator.notation.reader import read
    from generator.rendering.renderer import in_sandbox

    with in_sandbox(settings.soundfont) as render:
        tune = render(read("X:1\nT:Check\nM:6/8\nL:1/8\nK:D\nDFA dfa|d3 d3|]"))
    return Check(
        "sheet and recording", True, f"a test tune became {len(tune.png):,} bytes of PNG and {len(tune.mp3):,} bytes of MP3"
    )


def _gpu(settings: Settings) -> Check:
    if find_spec("tensorflow") is None:  # as in the container image
        return Check("GPU", True, "not looked for: TensorFlow is not installed, and only training needs it")
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return Check("GPU", True, f"{len(found)} found" if found else "none; composing on the CPU works well")


def _token(settings: Settings) -> Check:
    if settings.discord_token is None:
        return Check("Discord token", True, "not set; the web page runs without the bot (.env.example explains how to add it)")
    return Check("Discord token", True, "set; Discord checks it when the bot starts")


def _slack(settings: Settings) -> Check:
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web.client import WebClient

    from bot.slack.core.manifest import bot_scopes
    from bot.slack.start import APP_REFUSED, BOT_REFUSED, problem_of

    if not settings.has_slack:
        return Check("Slack", True, "not set; docs/slack.md explains how to add the app")
    if (problem := problem_of(settings)) is not None:
        return Check("Slack", False, "the settings are incomplete or contradict each other", problem)
    if settings.slack_bot_token is None:
        return _slack_installations(settings)
    client, refused = WebClient(settings.slack_bot_token.get_secret_value(), settings.slack_api_url), BOT_REFUSED
    try:
        answer = client.auth_test()
        if settings.slack_app_token:
            refused = APP_REFUSED
            client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        code = str(error.response["error"])
        return Check("Slack", False, f"a token was refused ({code})", refused.format(code=code))
    except OSError as error:
        return Check(
            "Slack", False, f"it cannot be reached: {error}", "Check this machine's connection, its proxy and its firewall."
        )
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if missing := set(bot_scopes()) - {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}:
        return Check(
            "Slack",
            False,
            f"the token lacks the scopes {', '.join(sorted(missing))}",
            "Copy bot/slack/manifest.yaml into the app's page App Manifest, and reinstall the app on its page Install App.",
        )
    return Check("Slack", True, f"the tokens work in the workspace {answer['team']}, with all scopes")


def _slack_installations(settings: Settings) -> Check:
    if settings.secret_key is None:
        return Check("Slack", False, "SECRET_KEY is not set", "Set it to what `openssl rand -hex 32` prints: it encrypts tokens.")
    return Check("Slack", True, f"workspaces can install the app at {settings.web_url}/slack/install")


def _port(settings: Settings) -> Check:
    with socket.socket() as probe:
        taken = probe.connect_ex((settings.web_host, settings.web_port)) == 0
    if taken and _is_tunesmith(settings):
        return Check("web port", True, f"{settings.web_port} is in use by a running Tunesmith")
    if taken:
        return Check(
            "web port", False, f"{settings.web_port} is in use by another program", "Stop that program, or set WEB_PORT."
        )
    return Check("web port", True, f"{settings.web_host}:{settings.web_port} is free")


def _is_tunesmith(settings: Settings) -> bool:
    try:
        with urlopen(f"http://{settings.web_host}:{settings.web_port}/health", timeout=5) as answer:
            return "parts" in json.load(answer)
    except HTTPError as error:
        return error.code == 503  # Tunesmith runs but reports a problem; the other checks find it
    except (OSError, ValueError):
        return False
