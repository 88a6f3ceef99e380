"""Comet ML, where COMET_API_KEY is set: parameters, each epoch's figures, the curves and the card.

Its REST API is used, not its package: that lets training wait for minutes, or for ever, on a server that does not answer.
COMET_WORKSPACE and COMET_PROJECT_NAME name another place than the key's own workspace and "tunesmith";
COMET_URL_OVERRIDE another server.
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
from training.run import Row, rows_of, write_whole

TIMEOUT_S = 10.0  # of a request; the rest of an epoch's are then not tried
SERVER = "https://www.comet.com"


class Comet:
    """The experiment of one run. What cannot be sent is sent with a later epoch, and by a run that goes on."""

    def __init__(self, run: Path, config: TrainConfig, environment: Mapping[str, str], echo: Callable[[str], None]) -> None:
        self.run, self.config, self.echo = run, config, echo
        self.key = environment["COMET_API_KEY"].strip()
        self.project = environment.get("COMET_PROJECT_NAME") or "tunesmith"
        self.workspace = environment.get("COMET_WORKSPACE")
        server = urlsplit(environment.get("COMET_URL_OVERRIDE") or SERVER)
        self.base = f"{server.scheme}://{server.netloc}/api/rest/v2/" if server.scheme in ("http", "https") else ""
        self.failing = False
        self.kept = run / "comet.json"  # the experiment's key, and how many epochs it has; -1: not even parameters

    @classmethod
    def wished(cls, run: Path, config: TrainConfig, echo: Callable[[str], None]) -> Comet | None:
        """As the environment says; None where it holds no key."""
        return cls(run, config, os.environ, echo) if os.environ.get("COMET_API_KEY", "").strip() else None

    def epoch(self, _: Row | None = None) -> None:
        """Sends the epochs of the log that were not sent yet."""
        self._trying(self._epochs)

    def end(self, card: Mapping[str, Any] | None = None) -> None:
        """Sends what is left, the curves and the card, and marks the experiment as ended."""
        self._trying(lambda: self._end(card))

    def _trying(self, send: Callable[[], None]) -> None:
        try:
            send()
            self.failing = False
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            if not self.failing:
                self.echo(f"Comet ML takes no figures ({error}); training goes on, and they are sent when it does.")
            self.failing = True

    def _epochs(self) -> None:
        experiment, sent = self._begun()
        for row in rows_of(self.run)[sent:]:
            number = int(row["epoch"]) + 1
            for name, value in row.items():
                if name != "epoch":
                    figure = {"metricName": name, "metricValue": value, "epoch": number, "step": number}
                    self._post("write/experiment/metric", {"experimentKey": experiment, **figure})
            self._keep(experiment, number)

    def _end(self, card: Mapping[str, Any] | None) -> None:
        self._epochs()
        experiment, _ = self._begun()
        self._upload(experiment, "curves.png", (self.run / "curves.png").read_bytes(), type="image")
        if card is not None:
            self._upload(experiment, "card.json", json.dumps(card, indent=1, ensure_ascii=False).encode(), type="asset")
        self._status(experiment, alive=False)

    def _begun(self) -> tuple[str, int]:
        """(the experiment's key, the number of epochs that it has); it is made if the run has none."""
        experiment, sent = "", -1
        if self.kept.exists():
            kept = json.loads(self.kept.read_text(encoding="utf-8"))
            experiment, sent = str(kept["experiment"]), int(kept["sent"])
        if not experiment:
            workspace = self.workspace or self._send("account-details", None)["defaultWorkspaceName"]
            wish = {"workspaceName": workspace, "projectName": self.project, "experimentName": self.config.name}
            made = self._post("write/experiment/create", wish)
            experiment = str(made["experimentKey"])
            self._keep(experiment, sent)
            self.echo(f"Comet ML shows this run: {made.get('link') or experiment}")
        if sent < 0:
            for name, value in self.config.flat().items():
                parameter = {"experimentKey": experiment, "parameterName": name, "parameterValue": value}
                self._post("write/experiment/parameter", parameter)
            self._status(experiment, alive=True)
            self._keep(experiment, sent := 0)
        return experiment, sent

    def _keep(self, experiment: str, sent: int) -> None:
        state = json.dumps({"experiment": experiment, "sent": sent})
        write_whole(self.kept, lambda path: path.write_text(state, encoding="utf-8"))

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
            raise ValueError("COMET_URL_OVERRIDE is not an address that begins with http:// or https://")
        if not (self.key.isascii() and self.key.isprintable()):
            raise ValueError("COMET_API_KEY holds characters that no key has")
        headers = {"Authorization": self.key} | ({"Content-Type": content_type} if content_type else {})
        request = Request(self.base + endpoint, body, headers)  # noqa: S310  # http or https, seen to above
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
