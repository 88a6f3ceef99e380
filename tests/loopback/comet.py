"""A stand-in for the REST API of Comet ML on loopback: it validates and stores what a client sends."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TypedDict
from urllib.parse import parse_qsl, urlsplit

KEY = "a-key-of-comets"


class Experiment(TypedDict):
    workspaceName: str
    projectName: str
    experimentName: str
    key: str
    parameters: dict[str, object]
    metrics: list[tuple[int, str, float]]  # epoch, name, value
    assets: dict[str, tuple[str, bytes]]  # by file name: type, content
    alive: bool | None


class FakeComet:
    """Use as `with FakeComet() as comet:`. While `failing` is set it answers 500; after `stop_answering()` it never answers."""

    def __init__(self) -> None:
        self.experiments: list[Experiment] = []
        self.calls: list[str] = []
        self.failing = False
        self.hanging: threading.Event | None = None
        comet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                comet._answer(self, b"")

            def do_POST(self) -> None:
                comet._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def environment(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}/clientlib/"
        return {"COMET_API_KEY": KEY, "COMET_URL_OVERRIDE": address}

    def __enter__(self) -> FakeComet:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.hanging:
            self.hanging.set()
        self.server.shutdown()
        self.server.server_close()

    def stop_answering(self) -> None:
        self.hanging = threading.Event()

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.hanging:
            self.hanging.wait()
        address = urlsplit(handler.path)
        self.calls.append(address.path)
        status = 200
        answer: dict[str, object] = {}
        if self.failing:
            status, answer = 500, {"msg": "out of order"}
        elif handler.headers.get("Authorization") != KEY:
            status, answer = 401, {"msg": "no such key"}
        else:
            try:
                answer = self._handle(address.path.removeprefix("/api/rest/v2/"), dict(parse_qsl(address.query)), handler, body)
            except (KeyError, ValueError, StopIteration) as error:
                status, answer = 400, {"msg": repr(error)}
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _handle(self, endpoint: str, query: dict[str, str], handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, object]:
        if endpoint == "account-details":
            return {"userName": "fiddler", "defaultWorkspaceName": "fiddlers"}
        if endpoint == "write/experiment/upload-asset":
            kind, _, boundary = handler.headers["Content-Type"].partition("; boundary=")
            if kind != "multipart/form-data":
                raise ValueError(kind)
            head, _, content = body.removesuffix(f"\r\n--{boundary}--\r\n".encode()).partition(b"\r\n\r\n")
            if not head.startswith(f"--{boundary}\r\n".encode()) or b'name="file"' not in head:
                raise ValueError(head)
            self._experiment(query["experimentKey"])["assets"][query["fileName"]] = (query["type"], content)
            return {"assetId": "1"}
        fields = json.loads(body)
        if endpoint == "write/experiment/create":
            created = Experiment(
                workspaceName=fields["workspaceName"],
                projectName=fields["projectName"],
                experimentName=fields["experimentName"],
                key=f"experiment{len(self.experiments)}",
                parameters={},
                metrics=[],
                assets={},
                alive=None,
            )
            self.experiments.append(created)
            names = {name: fields[name] for name in ("workspaceName", "projectName", "experimentName")}
            return {"experimentKey": created["key"], "link": f"https://comet.test/{created['key']}", **names}
        experiment = self._experiment(fields["experimentKey"])
        match endpoint:
            case "write/experiment/parameter":
                experiment["parameters"][fields["parameterName"]] = fields["parameterValue"]
            case "write/experiment/metric":
                experiment["metrics"].append((fields["epoch"], fields["metricName"], fields["metricValue"]))
            case "write/experiment/update-status":
                experiment["alive"] = fields["isAlive"]
            case _:
                raise KeyError(endpoint)
        return {"msg": "Saved"}

    def _experiment(self, key: str) -> Experiment:
        return next(each for each in self.experiments if each["key"] == key)
