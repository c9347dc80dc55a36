"""A region's Prometheus: what it scrapes, that it runs, and where it comes from."""

import asyncio
import json
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infctl.lab import addresses, locate, pki
from infctl.lab.errors import LabError
from infctl.lab.prometheus import parts, prepare, provide
from infctl.lab.prometheus.targets import make_targets
from infctl.lab.spec import Lab, Region

SERIES = b"""envoy_http_downstream_rq_completed{envoy_http_conn_manager_prefix="ingress"} 7
envoy_that_nobody_reads 1
"""


class Envoy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert self.path == "/stats/prometheus"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(SERIES)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    number, claim = locate.claim_number()
    with claim:
        made = Lab("metrics", number, tmp_path, (Region("eu-west-1", 1),))
        pki.ensure_authority(made)
        yield made


@contextmanager
def running(lab: Lab) -> Iterator[str]:
    region = lab.regions[0]
    prepare(lab, region)
    part = parts(lab, region)[0]
    with subprocess.Popen(part.argv, env=dict(part.environment), cwd=lab.state) as process:
        try:
            deadline = time.monotonic() + part.deadline
            while asyncio.run(_ask(part.ready)):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://{lab.inner(region, 'metrics')}:{addresses.METRICS_PORT}"
        finally:
            process.kill()


async def _ask(check: Any) -> str:
    return str(await check())


def query(url: str, expression: str) -> list[Any]:
    words = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{words}", timeout=5) as answer:
        found: list[Any] = json.loads(answer.read())["data"]["result"]
        return found


def test_the_configuration_is_right(lab: Lab) -> None:
    prepare(lab, lab.regions[0])
    folder = lab.folder(lab.regions[0]) / "prometheus"
    argv = [str(provide.binary("promtool")), "check", "config", str(folder / "prometheus.yml")]
    assert subprocess.run(argv, capture_output=True).returncode == 0


def test_it_scrapes_the_gateway_and_keeps_only_what_is_read(lab: Lab) -> None:
    admin = (lab.inner(lab.regions[0], "gateway"), addresses.ENVOY_ADMIN_PORT)
    with ThreadingHTTPServer(admin, Envoy) as envoy:
        threading.Thread(target=envoy.serve_forever, daemon=True).start()
        with running(lab) as url:
            deadline = time.monotonic() + 20
            while not (found := query(url, 'envoy_http_downstream_rq_completed{job="gateway"}')):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert found[0]["value"][1] == "7"
            assert query(url, "envoy_that_nobody_reads") == []
        envoy.shutdown()


def pod(name: str, phase: str = "Running", port: str = "metrics", **labels: str) -> dict[str, Any]:
    ours = {"app.kubernetes.io/managed-by": "infctl", **labels}
    return {
        "metadata": {"name": name, "namespace": "vision", "labels": ours},
        "spec": {"containers": [{"ports": [{"name": port, "containerPort": 8082}]}]},
        "status": {"phase": phase, "podIP": "239.16.1.64"},
    }


def test_running_pods_with_a_metrics_port_are_targets_at_the_address_they_listen_on() -> None:
    pods = [
        pod("a", **{"infctl.dev/track": "stable"}),
        pod("b", phase="Pending"),
        pod("c", port="http"),
        {"metadata": {"name": "d", "namespace": "vision"}, "spec": {}, "status": {}},
        pod("e", **{"app.kubernetes.io/managed-by": "somebody"}),
    ]
    labels = {"namespace": "vision", "pod": "a", "track": "stable"}
    assert make_targets(pods) == [{"targets": ["127.16.1.64:8082"], "labels": labels}]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def tools(folder: Path, **scripts: str) -> str:
    """A PATH with these programs and what they call, so that no Prometheus of the machine is."""
    folder.mkdir()
    for name in ("touch", "mkdir"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, body in scripts.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    return str(folder)


UNPACK = 'mkdir -p "$3/usr/bin" && touch "$3/usr/bin/prometheus" "$3/usr/bin/promtool"'


def test_without_apt_the_line_that_installs_it_is_told(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", tools(empty_cache / "bin"))
    with pytest.raises(LabError) as caught:
        provide.ensure(lambda _: None)
    assert "apt-get install prometheus" in caught.value.hint
    assert not (empty_cache / "infctl" / "prometheus" / "package").exists()


def test_without_lists_of_packages_lists_of_our_own_are_fetched(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        'case "$*" in *lists=*update) exit 0;; *lists=*) touch prometheus_1.deb;; *) exit 1; esac'
    )
    monkeypatch.setenv("PATH", tools(empty_cache / "bin", apt_get=script, dpkg_deb=UNPACK))
    told: list[str] = []
    provide.ensure(told.append)
    assert provide.binary().parent == empty_cache / "infctl" / "prometheus" / "package"
    assert len(told) == 1


def test_a_program_that_was_changed_in_the_cache_is_not_started(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tools(empty_cache / "bin", apt_get="touch prometheus_1.deb", dpkg_deb=UNPACK)
    monkeypatch.setenv("PATH", path)
    provide.ensure(lambda _: None)
    provide.binary().write_text("something else")
    with pytest.raises(FileNotFoundError, match="not what was recorded"):
        provide.binary()
    provide.ensure(lambda _: None)
    assert provide.binary().read_text() == ""
