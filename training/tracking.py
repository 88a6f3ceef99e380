"""Sends a run to Comet ML if COMET_API_KEY is set: settings, the metrics of each epoch, the curves and the card.

It uses the REST API instead of Comet's package, which may delay training for minutes, or hang, if the server doesn't respond.
COMET_WORKSPACE and COMET_PROJECT_NAME override the default workspace and the project "tunesmith"; COMET_URL_OVERRIDE the
server.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from training.config import TrainConfig
from training.run_folder import Row, read_log, write_atomically

TIMEOUT_S = 10.0  # per request; after a timeout, the other metrics of the epoch wait for the next one
SERVER = "https://www.comet.com"


class Comet:
    """The Comet experiment of a run. Metrics that can't be sent are sent with a later epoch, or when the run is resumed."""

    def __init__(self, run: Path, config: TrainConfig, environment: Mapping[str, str], echo: Callable[[str], None]) -> None:
        self.run, self.config, self.echo = run, config, echo
        self.key = environment["COMET_API_KEY"].strip()
        self.project = environment.get("COMET_PROJECT_NAME") or "tunesmith"
        self.workspace = environment.get("COMET_WORKSPACE")
        server = urlsplit(environment.get("COMET_URL_OVERRIDE") or SERVER)
        self.base = f"{server.scheme}://{server.netloc}/api/rest/v2/" if server.scheme in ("http", "https") else ""
        self.failing = False
        self.state_file = run / "comet.json"  # the experiment's key and how many epochs were sent; -1: not even the settings

    @classmethod
    def from_environment(cls, run: Path, config: TrainConfig, echo: Callable[[str], None]) -> Comet | None:
        """A tracker with the settings of the environment; None without a key."""
        return cls(run, config, os.environ, echo) if os.environ.get("COMET_API_KEY", "").strip() else None

    def log_epoch(self, _: Row | None = None) -> None:
        """Sends all epochs of the log that were not sent yet."""
        self._try(self._send_epochs)

    def end(self, card: Mapping[str, Any] | None = None) -> None:
        """Sends remaining epochs, the curves and the card, and marks the experiment as finished."""
        self._try(lambda: self._end(card))

    def _try(self, send: Callable[[], None]) -> None:
        try:
            send()
            self.failing = False
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            if not self.failing:
                self.echo(f"Cannot send metrics to Comet ML ({error}). Training continues; they are sent when Comet ML responds.")
            self.failing = True

    def _send_epochs(self) -> None:
        experiment, sent = self._open_experiment()
        for row in read_log(self.run)[sent:]:
            number = int(row["epoch"]) + 1
            for name, value in row.items():
                if name != "epoch":
                    metric = {"metricName": name, "metricValue": value, "epoch": number, "step": number}
                    self._post("write/experiment/metric", {"experimentKey": experiment, **metric})
            self._save_state(experiment, number)

    def _end(self, card: Mapping[str, Any] | None) -> None:
        self._send_epochs()
        experiment, _ = self._open_experiment()
        self._upload(experiment, "curves.png", (self.run / "curves.png").read_bytes(), type="image")
        if card is not None:
            self._upload(experiment, "card.json", json.dumps(card, indent=1, ensure_ascii=False).encode(), type="asset")
        self._status(experiment, alive=False)

    def _open_experiment(self) -> tuple[str, int]:
        """(the experiment's key, number of epochs sent). Creates the experiment if the run has none."""
        experiment, sent = "", -1
        if self.state_file.exists():
            saved = json.loads(self.state_file.read_text(encoding="utf-8"))
            experiment, sent = str(saved["experiment"]), int(saved["sent"])
        if not experiment:
            workspace = self.workspace or self._send("account-details", None)["defaultWorkspaceName"]
            settings = {"workspaceName": workspace, "projectName": self.project, "experimentName": self.config.name}
            created = self._post("write/experiment/create", settings)
            experiment = str(created["experimentKey"])
            self._save_state(experiment, sent)
            self.echo(f"This run on Comet ML: {created.get('link') or experiment}")
        if sent < 0:
            for name, value in self.config.flat().items():
                parameter = {"experimentKey": experiment, "parameterName": name, "parameterValue": value}
                self._post("write/experiment/parameter", parameter)
            self._status(experiment, alive=True)
            self._save_state(experiment, sent := 0)
        return experiment, sent

    def _save_state(self, experiment: str, sent: int) -> None:
        state = json.dumps({"experiment": experiment, "sent": sent})
        write_atomically(self.state_file, lambda path: path.write_text(state, encoding="utf-8"))

    def _status(self, experiment: str, *, alive: bool) -> None:
        status = {"experimentKey": experiment, "isAlive": alive, "error": None, "hasCrashed": False}
        self._post("write/experiment/update-status", status)

    def _upload(self, experiment: str, name: str, content: bytes, **more: str) -> None:
        query = {"experimentKey": experiment, "fileName": name, "extension": Path(name).suffix, "overwrite": "true", **more}
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        self._send(f"write/experiment/upload-asset?{urlencode(query)}", body, f"multipart/form-data; boundary={boundary}")

    def _post(self, endpoint: str, fields: Mapping[str, Any]) -> Any:
        return self._send(endpoint, json.dumps(fields).encode(), "application/json;charset=utf-8")

    def _send(self, endpoint: str, body: bytes | None, content_type: str = "") -> Any:
        if not self.base:
            raise ValueError("COMET_URL_OVERRIDE must begin with http:// or https://")
        if not (self.key.isascii() and self.key.isprintable()):
            raise ValueError("COMET_API_KEY contains invalid characters")
        headers = {"Authorization": self.key} | ({"Content-Type": content_type} if content_type else {})
        request = Request(self.base + endpoint, body, headers)  # noqa: S310  # http or https, checked above
        with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            return json.load(response)
