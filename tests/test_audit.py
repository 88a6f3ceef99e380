"""scripts/audit: the SBOM, and vulnerabilities that OSV knows. A server on loopback stands for OSV."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).parents[1]
PYPI = {"name": "jinja2", "ecosystem": "PyPI"}
FIXED = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}
VULNERABLE = {"id": "GHSA-0000", "summary": "It leaks.", "affected": [{"package": PYPI, "ranges": [FIXED]}]}


async def audit(osv: str, sbom: Path) -> tuple[int | None, str]:
    """The exit status and what was printed."""
    environment = {**os.environ, "OSV_URL": osv, "NO_PROXY": "*"}
    process = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "audit", sbom, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_a_known_vulnerability_fails_the_audit(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        asked = json.loads(await request.text())
        return web.json_response({"vulns": [VULNERABLE]} if asked["package"] == PYPI else {})

    app = web.Application()
    app.router.add_post("/v1/query", answer)
    async with TestServer(app) as osv:
        status, printed = await audit(str(osv.make_url("/v1/query")), tmp_path / "sbom.json")
    assert status == 1
    assert "Found 1 known vulnerability in 1 package" in printed and "GHSA-0000" in printed and "jinja2" in printed


async def test_without_an_answer_the_audit_says_so_and_passes(tmp_path: Path) -> None:
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        status, printed = await audit(f"http://127.0.0.1:{bound.getsockname()[1]}/v1/query", tmp_path / "sbom.json")
    assert status == 0
    [line] = printed.splitlines()
    assert line.startswith("audit: vulnerabilities were not looked up")
    sbom = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "tunesmith")
    locked = (ROOT / "locks" / "requirements.lock").read_text("utf-8")
    components = {component["purl"].partition("?")[0] for component in sbom["components"]}
    assert components == {
        f"pkg:pypi/{line.split()[0].replace('==', '@')}" for line in locked.splitlines() if line[:1].isalnum() and "==" in line
    }


async def test_a_service_that_fails_later_is_no_answer_either(tmp_path: Path) -> None:
    asked = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({}, status=200 if asked == 1 else 503)

    app = web.Application()
    app.router.add_post("/v1/query", answer)
    async with TestServer(app) as osv:
        status, printed = await audit(str(osv.make_url("/v1/query")), tmp_path / "sbom.json")
    assert status == 0 and "were not looked up" in printed
