"""The metrics of processes without the page."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest

from bot import meters, process
from bot.settings import Settings
from bot.web import WebError


def test_a_process_serves_what_it_counts() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = meters.serve("127.0.0.1", port)
    try:
        meters.REFUSED.labels("queue").inc()
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    assert 'tunesmith_refused_total{limit="queue"}' in text and "# TYPE tunesmith_problems_total counter" in text


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(_env_file=None, metrics_port=taken.getsockname()[1])
        with pytest.raises(WebError, match="METRICS_PORT"):
            process.serve_metrics(settings)
