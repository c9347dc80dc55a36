"""Monitors and rules of a real API server in a real Prometheus: taken, told of, removed."""

import asyncio
import json
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from real_control_plane import ControlPlane

from infctl.lab.prometheus import parts, prepare
from infctl.lab.prometheus.controller import Controller
from infctl.lab.prometheus.parts import server_url, targets_file
from infctl.lab.prometheus.promtool import Promtool
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.reloading import Reloader
from infctl.lab.spec import Lab, Timings

pytestmark = pytest.mark.control_plane

Object = dict[str, Any]
INTERVAL = 0.4
SECONDS = 15.0
RELOADS = 10


class Served(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"kept_total 7\ndropped_total 1\n")

    def log_message(self, *_: Any) -> None:
        return


def until(found: Callable[[], Any], why: str = "") -> Any:
    end = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < end, why
        time.sleep(0.05)
    return value


class Metrics:
    """A region's Prometheus with its controller, beside the control plane of the tests."""

    def __init__(self, plane: ControlPlane, lab: Lab) -> None:
        self.plane, self.lab, self.region = plane, lab, lab.regions[0]
        self.url = server_url(lab, self.region)
        self.folder = targets_file(lab, self.region).parent

    def ask(self, path: str, **query: str) -> Any:
        words = urllib.parse.urlencode(query)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{words}", timeout=5) as answer:
            return json.loads(answer.read())["data"]

    def query(self, expression: str) -> list[Any]:
        found: list[Any] = self.ask("query", query=expression)["result"]
        return found

    def configuration(self) -> str:
        return str(self.ask("status/config")["yaml"])

    def files(self, kind: str, word: str) -> list[str]:
        """The names of files for Prometheus that have this word in them."""
        return [f.name for f in (self.folder / kind).glob("*.json") if word in text_of(f)]

    async def control(self) -> None:
        promtool, reloader = Promtool(binary("promtool")), Reloader(self.url)
        async with self.plane.cluster("prometheus") as cluster:
            files = targets_file(self.lab, self.region)
            await Controller(cluster, self.lab, self.region, files, promtool, reloader).run()

    def apply(self, *manifests: Object) -> None:
        async def send() -> None:
            async with self.plane.cluster("lab") as cluster:
                for manifest in manifests:
                    await cluster.apply(path_of(manifest), manifest, manager="test")

        self.plane.run(send())

    def delete(self, manifest: Object) -> None:
        async def send() -> None:
            async with self.plane.cluster("lab") as cluster:
                await cluster.delete(path_of(manifest))

        self.plane.run(send())

    def events(self, namespace: str) -> dict[str, str]:
        async def read() -> Object:
            async with self.plane.cluster("lab") as cluster:
                return await cluster.get(f"/api/v1/namespaces/{namespace}/events")

        items = self.plane.run(read())["items"]
        return {
            e["involvedObject"]["name"]: e["message"]
            for e in items
            if e["reason"] == "InvalidConfiguration"
        }


@pytest.fixture(scope="module")
def metrics(control_plane: ControlPlane) -> Iterator[Metrics]:
    lab = replace(control_plane.lab, timings=Timings(INTERVAL))
    prepare(lab, lab.regions[0])
    running = Metrics(control_plane, lab)
    server = parts(lab, lab.regions[0])[0]
    task: Future[None] = asyncio.run_coroutine_threadsafe(running.control(), control_plane._loop)
    with subprocess.Popen(server.argv, env=dict(server.environment), cwd=lab.state) as process:
        try:
            until(lambda: not control_plane.run(ready(server.ready)))
            until((running.folder / "listed").exists)
            yield running
        finally:
            task.cancel()
            process.kill()
    shutil.rmtree(running.folder)


async def ready(check: Any) -> str:
    return str(await check())


PLURALS = {
    "Service": ("api/v1", "services"),
    "Pod": ("api/v1", "pods"),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices"),
    "ServiceMonitor": ("apis/monitoring.coreos.com/v1", "servicemonitors"),
    "PodMonitor": ("apis/monitoring.coreos.com/v1", "podmonitors"),
    "PrometheusRule": ("apis/monitoring.coreos.com/v1", "prometheusrules"),
}


def path_of(manifest: Object) -> str:
    group, plural = PLURALS[manifest["kind"]]
    metadata = manifest["metadata"]
    return f"/{group}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def made(kind: str, namespace: str, name: str, spec: Object, **labels: str) -> Object:
    group = PLURALS[kind][0].removeprefix("apis/").removeprefix("api/")
    metadata = {"namespace": namespace, "name": name, "labels": labels}
    return {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec}


def monitor(namespace: str, name: str, **endpoint: Any) -> Object:
    endpoint = {"port": "metrics", "interval": f"{round(INTERVAL * 1000)}ms", **endpoint}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "endpoints": [endpoint]}
    return made("ServiceMonitor", namespace, name, spec)


def rules(namespace: str, name: str, *found: Object) -> Object:
    groups = [{"name": name, "interval": "200ms", "rules": list(found)}]
    return made("PrometheusRule", namespace, name, {"groups": groups})


@pytest.fixture
def web(metrics: Metrics, namespace: str) -> Iterator[str]:
    """A service with one ready pod, whose address really answers; its namespace."""
    host = f"{metrics.lab.number}.{metrics.region.number}.{64 + hash(namespace) % 100}"
    container = {"name": "c", "image": "x", "ports": [{"name": "metrics", "containerPort": 8082}]}
    port = {"name": "metrics", "port": 8082}
    metrics.apply(
        made("Service", namespace, "web", {"ports": [port]}, app="web"),
        slice_of(namespace, f"239.{host}", port),
        made("Pod", namespace, "web-1", {"containers": [container]}, app="web"),
    )
    status = {
        "phase": "Running",
        "podIP": f"239.{host}",
        "podIPs": [{"ip": f"239.{host}"}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }

    async def run_it() -> None:
        async with metrics.plane.cluster("lab") as cluster:
            path = f"/api/v1/namespaces/{namespace}/pods/web-1/status"
            await cluster.patch(path, {"status": status})

    metrics.plane.run(run_it())
    with ThreadingHTTPServer((f"127.{host}", 8082), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield namespace
        server.shutdown()


def slice_of(namespace: str, address: str, port: Object) -> Object:
    """As the control plane would write it, if there were a node for the pod."""
    labels = {"kubernetes.io/service-name": "web"}
    reference = {"kind": "Pod", "namespace": namespace, "name": "web-1"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": "web-1", "labels": labels},
        "addressType": "IPv4",
        "ports": [port],
        "endpoints": [{"addresses": [address], "targetRef": reference}],
    }


def test_a_monitor_and_rules_are_taken_and_go_with_their_objects(
    metrics: Metrics, web: str
) -> None:
    dropping = [{"sourceLabels": ["__name__"], "regex": "dropped.*", "action": "drop"}]
    naming = {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "who"}
    watched = monitor(web, "web", metricRelabelings=dropping, relabelings=[naming])
    recording = {"record": "doubled", "expr": f'kept_total{{namespace="{web}"}} * 2'}
    alerting = {"alert": "Seven", "expr": f'kept_total{{namespace="{web}"}} == 7'}
    rule = rules(web, "web", recording, alerting)
    metrics.apply(watched, rule)

    (kept,) = until(lambda: metrics.query(f'kept_total{{namespace="{web}"}}'))
    assert (kept["metric"]["job"], kept["metric"]["who"]) == ("web", "web-1")
    assert not metrics.query(f'dropped_total{{namespace="{web}"}}')
    until(lambda: [r["value"][1] for r in metrics.query("doubled")] == ["14"])
    until(lambda: any(a["labels"]["alertname"] == "Seven" for a in metrics.ask("alerts")["alerts"]))

    metrics.delete(watched)
    metrics.delete(rule)
    until(lambda: f"/{web}/" not in metrics.configuration())
    until(lambda: not metrics.files("rules", web))
    assert not metrics.files("targets", web)


def test_bad_objects_are_left_out_and_told_and_take_no_other_with_them(
    metrics: Metrics, web: str
) -> None:
    metrics.apply(
        monitor(web, "good"),
        monitor(web, "no-regex", relabelings=[{"regex": "(", "sourceLabels": ["a"]}]),
        monitor(web, "late", scrapeTimeout="1h"),
        monitor(web, "secret", basicAuth={"username": {"name": "s", "key": "u"}}),
        rules(web, "good", {"record": "one", "expr": "vector(1)"}),
        rules(web, "no-promql", {"record": "two", "expr": "sum(up"}),
    )
    until(lambda: metrics.query(f'kept_total{{namespace="{web}"}}'))
    until(lambda: metrics.query("one"))
    bad = {"no-regex", "late", "secret", "no-promql"}
    told = until(lambda: (found := metrics.events(web)).keys() == bad and found)
    assert "missing closing )" in told["no-regex"]
    assert "scrape timeout greater than scrape interval" in told["late"]
    assert "basicAuth is not served" in told["secret"]
    assert "could not parse expression" in told["no-promql"]
    assert not any(f"{web}/{name}/" in metrics.configuration() for name in bad)

    metrics.apply(rules(web, "no-promql", {"record": "two", "expr": "vector(2)"}))
    until(lambda: metrics.query("two"))


def test_ten_reloads_leave_no_gap_between_samples(metrics: Metrics, web: str) -> None:
    metrics.apply(monitor(web, "web"))
    up = f'up{{namespace="{web}"}}'
    until(lambda: metrics.query(up))
    began = time.time()
    for number in range(RELOADS):
        change(metrics, web, number)
    lasted = time.time() - began
    (found,) = metrics.query(f"{up}[{round(lasted)}s]")
    at = [float(sample[0]) for sample in found["values"]]
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert max(gaps) < 1.9 * INTERVAL
    assert len(at) >= (round(lasted) - 1) / INTERVAL * 0.95


def change(metrics: Metrics, namespace: str, number: int) -> None:
    """Change a rule, and wait until Prometheus has read it."""
    metrics.apply(rules(namespace, "changing", {"record": "round", "expr": f"vector({number})"}))
    (name,) = until(lambda: metrics.files("rules", f"vector({number})"))
    until(lambda: name in metrics.configuration())


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def test_no_relabelling_makes_the_lab_scrape_another_machine(metrics: Metrics, web: str) -> None:
    away = {"targetLabel": "__address__", "replacement": "192.0.2.1:80"}
    metrics.apply(monitor(web, "away", relabelings=[away]))
    until(lambda: f"serviceMonitor/{web}/away/0" in metrics.configuration())
    active = until(lambda: metrics.ask("targets", state="any"))
    assert not [t for t in active["activeTargets"] if "192.0.2.1" in t["scrapeUrl"]]
