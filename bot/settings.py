"""The operator's settings, from the environment or a `.env` file."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Folder = Annotated[Path, AfterValidator(Path.expanduser)]


def _web_address(text: str) -> str:
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it is not an address such as https://tunes.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _host_names(text: str) -> str:
    names = text.lower().replace(",", " ").split()
    if any(urlsplit(f"//{name}").netloc != name or "@" in name for name in names):
        raise ValueError("it is not a list of names such as tunes.example.org")
    return " ".join(names)


def _network_texts(text: str) -> str:
    networks = text.replace(",", " ").split()
    for network in networks:
        ip_network(network)  # raises ValueError
    return " ".join(networks)


MIN_SECRET_KEY = 32  # characters


def _secret_keys(keys: SecretStr) -> SecretStr:
    if any(len(key) < MIN_SECRET_KEY for key in _split(keys)):
        raise ValueError(f"each key needs {MIN_SECRET_KEY} characters or more; `openssl rand -hex 32` prints one")
    return keys


def _split(keys: SecretStr) -> list[str]:
    return [key for key in re.split(r"[\s,]+", keys.get_secret_value()) if key]


def _of_kind(prefixes: tuple[str, ...], other: str, hint: str) -> AfterValidator:
    """Checks how a token of Slack begins: the two kinds are easily swapped."""

    def check(token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if text.startswith(other):
            raise ValueError(f"it begins with {other}, so it is the other token of Slack; {hint}")
        if not text.startswith(prefixes):
            raise ValueError(f"it does not begin with {prefixes[0]}; {hint}")
        return token

    return AfterValidator(check)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    data_dir: Folder = Field(Path("data"), description="Folder for the embedded database and the tunes' files.")
    database_url: SecretStr | None = Field(None, description="postgresql://… of a server (default: the embedded database).")
    files_url: str | None = Field(None, description="s3://bucket/prefix for the tunes' files (default: DATA_DIR/files).")

    secret_key: Annotated[SecretStr, AfterValidator(_secret_keys)] | None = Field(
        None, description="Encrypts the tokens of workspaces in the database. Of several keys, the first encrypts, all decrypt."
    )

    discord_token: SecretStr | None = Field(None, description="Token of the Discord bot (default: no bot).")
    discord_shards: int | None = Field(
        None, ge=1, description="Into how many shards the bot's servers are divided (default: as many as Discord recommends)."
    )
    discord_api_url: str = Field("https://discord.com/api/v10", description="Address of Discord's API; tests use another.")
    discord_gateway_url: str | None = Field(None, description="Address of Discord's gateway; only tests set it.")

    slack_bot_token: (
        Annotated[SecretStr, _of_kind(("xoxb-", "xoxe.xoxb-"), "xapp-", "copy the Bot User OAuth Token from OAuth & Permissions")]
        | None
    ) = Field(None, description="Token of the Slack app in one workspace (default: no Slack).")
    slack_app_token: (
        Annotated[SecretStr, _of_kind(("xapp-",), "xoxb-", "make an app-level token on the page Basic Information")] | None
    ) = Field(None, description="App-level token, for events by Socket Mode.")
    slack_signing_secret: SecretStr | None = Field(None, description="Instead of the app-level token: for events by HTTP.")
    slack_client_id: str | None = Field(None, description="Instead of the bot token: any workspace can install the app.")
    slack_client_secret: SecretStr | None = None
    slack_api_url: str = Field("https://slack.com/api/", description="Address of Slack's API; tests use another.")

    web_host: str = "127.0.0.1"
    web_port: int = Field(8080, ge=1, le=65535)
    web_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None, description="Public address of the page, for links and previews (default: the host of each request)."
    )

    web_hosts: Annotated[str, AfterValidator(_host_names)] = Field(
        "", description="Further names under which people reach the page, with spaces between them."
    )
    trusted_proxies: Annotated[str, AfterValidator(_network_texts)] = Field(
        "127.0.0.0/8 ::1", description="Networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    metrics_token: SecretStr | None = Field(None, description="Bearer token for /metrics (default: for trusted networks only).")

    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Port on WEB_HOST for the metrics of a process without the page: bot, slack, worker."
    )

    open_tunes_per_address: int = Field(30, ge=1, description="How many unfinished tunes one network address may have.")
    tunes_per_address: int = Field(240, ge=1, description="How many tunes one network address may request in an hour.")
    queue_limit: int = Field(10_000, ge=1, description="How many tunes may wait.")
    keep_unclaimed_days: int = Field(7, ge=1, description="Days until unshared tunes of visitors without a cookie are deleted.")
    open_requests_per_person: int = Field(10, ge=1, description="How many unfinished tunes one user may have.")
    worker_slots: int = Field(8, ge=1, le=256, description="How many tunes a worker composes at the same time.")
    model: Folder | None = Field(None, description="Folder of a model that you trained (default: the shipped model).")
    models: Folder | None = Field(None, description="Folder with a subfolder for each further model (default: DATA_DIR/models).")
    soundfont: Path | None = Field(None, description="A General MIDI sound font (default: an installed FluidR3_GM).")
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="Address of a collector of OpenTelemetry, for traces by OTLP over HTTP (default: no traces)."
    )
    log_json: bool = Field(False, description="Write logs as JSON lines, for log collectors.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def secret_keys(self) -> list[str]:
        return _split(self.secret_key) if self.secret_key else []

    @property
    def has_slack(self) -> bool:
        """Whether Slack is set up, at least in part."""
        return any((self.slack_bot_token, self.slack_app_token, self.slack_signing_secret, self.slack_client_id))

    @property
    def further_models(self) -> Path:
        return self.models or self.data_dir / "models"


def quiet_tensorflow() -> None:
    """Keeps TensorFlow's start-up messages out of the log. Call this before importing TensorFlow."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
