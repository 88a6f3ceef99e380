"""A stand-in for Comet ML's REST API on loopback: it checks what it is sent and keeps it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

KEY = "a-key-of-comets"


class FakeComet:
    """`with FakeComet() as comet:`; `failing` makes it answer 500, `silent` not at all."""

    def __init__(self) -> None:
        self.experiments: list[dict[str, object]] = []
        self.calls: list[str] = []
        self.failing = False
        self.silence: threading.Event | None = None
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
        if self.silence:
            self.silence.set()
        self.server.shutdown()
        self.server.server_close()

    def silent(self) -> None:
        self.silence = threading.Event()

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.silence:
            self.silence.wait()
        address = urlsplit(handler.path)
        self.calls.append(address.path)
        status, answer = 200, {}
        if self.failing:
            status, answer = 500, {"msg": "out of order"}
        elif handler.headers.get("Authorization") != KEY:
            status, answer = 401, {"msg": "no such key"}
        else:
            try:
                answer = self._take(address.path.removeprefix("/api/rest/v2/"), dict(parse_qsl(address.query)), handler, body)
            except (KeyError, ValueError, StopIteration) as error:
                status, answer = 400, {"msg": repr(error)}
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _take(self, endpoint: str, query: dict[str, str], handler: BaseHTTPRequestHandler, body: bytes) -> dict[str, object]:
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
            made = {name: fields[name] for name in ("workspaceName", "projectName", "experimentName")}
            key = f"experiment{len(self.experiments)}"
            self.experiments.append({**made, "key": key, "parameters": {}, "metrics": [], "assets": {}, "alive": None})
            return {"experimentKey": key, "link": f"https://comet.test/{key}", **made}
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

    def _experiment(self, key: str) -> dict:
        return next(each for each in self.experiments if each["key"] == key)
