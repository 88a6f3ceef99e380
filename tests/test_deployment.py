"""compose.yaml and what it mounts fit the program: commands, settings, ports, metrics. Docker itself is not needed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot import meters
from bot.cli.main import main as tunesmith
from bot.settings import Settings
from bot.web.metrics import Metrics
from storage import Storage
from tests.bot.slack import simple_yaml
from tests.documentation import ROOT

SERVICES: dict[str, dict[str, Any]] = simple_yaml.load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service or "extends" in service]
SCRAPED = simple_yaml.load((ROOT / "deploy/prometheus.yml").read_text("utf-8").replace("port: ", "port: p"))["scrape_configs"]
DASHBOARD = json.loads((ROOT / "deploy/grafana/tunesmith.json").read_text("utf-8"))
# Read by obstore, which reads all of AWS's variables.
STORE = {"AWS_ENDPOINT", "AWS_ALLOW_HTTP", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def whole(name: str) -> dict[str, Any]:
    """A service with what it takes from another one."""
    service = SERVICES[name]
    base = whole(service["extends"]["service"]) if "extends" in service else {}
    return base | service | {"environment": base.get("environment", {}) | service.get("environment", {})}


def test_one_container_needs_no_profile_and_all_others_have_one() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["tunesmith"]
    scale = {name for name, service in SERVICES.items() if "scale" in service.get("profiles", [])}
    assert scale == {"page", "bot", "worker", "proxy", "postgres", "store", "prometheus", "grafana"}


@pytest.mark.parametrize("name", OURS)
def test_the_command_and_settings_of_a_service_exist(name: str) -> None:
    service = whole(name)
    [command] = service.get("command", ["run"])
    assert command in tunesmith.commands
    settings = {key: value for key, value in service["environment"].items() if key not in STORE}
    unknown = {key for key in settings if key.lower() not in Settings.model_fields}
    assert unknown == set()
    Settings(_env_file=None, **{key.lower(): value for key, value in settings.items()})


@pytest.mark.parametrize("name", [name for name in OURS if name != "tunesmith"])
def test_processes_of_many_keep_nothing_and_may_do_little(name: str) -> None:
    service = whole(name)
    assert "volumes" not in service and service["environment"]["FILES_URL"].startswith("s3://")
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["tmpfs"] == ["/tmp"]


def test_the_image_is_built_from_what_git_knows_and_runs_as_a_numbered_user() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    nothing, *let_in = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    copied = {
        source for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for source in sources.split()
    }
    assert nothing == "*" and {line[1:] for line in let_in if line.startswith("!")} == {path.split("/")[0] for path in copied}
    assert re.search(r"^USER [1-9]\d*$", dockerfile, re.MULTILINE)


def test_no_image_changes_by_itself() -> None:
    for service in SERVICES.values():
        assert "build" in service or "extends" in service or re.search(r":v?\d", service["image"])


def test_mounted_files_exist_and_volumes_are_declared() -> None:
    declared = simple_yaml.load((ROOT / "compose.yaml").read_text("utf-8"))["volumes"]
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in declared, volume


def test_all_our_processes_are_asked_for_metrics_where_they_serve_them() -> None:
    asked = {job["job_name"]: job["dns_sd_configs"][0] for job in SCRAPED}
    assert set(asked) == {name for name in OURS if name != "tunesmith"}
    for name, where in asked.items():
        environment = whole(name)["environment"]
        assert where["names"] == [name]
        assert where["port"] == "p" + environment["WEB_PORT" if name == "page" else "METRICS_PORT"]


def test_the_proxy_passes_on_to_the_page() -> None:
    caddyfile = (ROOT / "deploy/Caddyfile").read_text("utf-8")
    assert f"dynamic a page {whole('page')['environment']['WEB_PORT']} " in caddyfile
    assert SERVICES["proxy"]["ports"] == ["127.0.0.1:8081:8081"] and caddyfile.count(":8081 {") == 1


async def test_the_dashboard_asks_only_for_metrics_that_exist(storage: Storage) -> None:
    families = [*Metrics(storage)._registry.collect(), *meters.REGISTRY.collect()]
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    known = {f"{family.name}{suffix}" for family in families for suffix in suffixes[family.type]}
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    used = {name for query in queries for name in re.findall(r"(?:tunesmith|process)_\w+", query)}
    assert used - known == set()
    assert {name for name in known if name.startswith("tunesmith") and not name.endswith(("_sum", "_count"))} == {
        name for name in used if name.startswith("tunesmith")
    }
