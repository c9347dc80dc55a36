"""A real Envoy with what the translation makes of objects; no API server."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from echo_servers import PORT, Echo
from gateway_objects import (
    NAMESPACE,
    a_class,
    a_gateway,
    a_route,
    a_service,
    a_slice,
    by_key,
)

from infctl.lab import addresses, pki
from infctl.lab.following import Object
from infctl.lab.gateway import bootstrap
from infctl.lab.gateway.files import write_resources
from infctl.lab.gateway.objects import Objects, Resources
from infctl.lab.gateway.parts import find_envoy
from infctl.lab.gateway.translation import translate
from infctl.lab.spec import Lab, Region

SECONDS = 20.0


def until(holds: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """The first true answer; AssertionError with `what` after the deadline."""
    end = time.monotonic() + seconds
    while not (found := _try(holds)):
        assert time.monotonic() < end, what
        time.sleep(0.005)
    return found


def _try(holds: Callable[[], Any]) -> Any:
    """False where a listener is not there yet."""
    try:
        return holds()
    except ConnectionError:
        return False


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `said` is what the echo server says it was asked."""

    status: int
    headers: dict[str, str]
    said: Object

    @property
    def backend(self) -> str:
        """Which server answered."""
        return self.headers.get("x-backend", "")


class RunningEnvoy:
    """Envoy and the objects it serves; `serve` adds a route under a hostname of its own."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.region = lab.regions[0]
        self.place = bootstrap.place(lab, self.region)
        self.folder = folder
        self.objects = Objects(classes=by_key(a_class()), gateways=by_key(a_gateway()))
        self._number = 0

    def know(self, *servers: Echo, service: str = "") -> None:
        """Make servers known: each as the Service of its name, or all as one."""
        groups = {service: servers} if service else {s.name: (s,) for s in servers}
        for name, members in groups.items():
            known = [(addresses.known_as(s.address), True) for s in members]
            port = members[0].port if members else PORT
            self.objects.services.update(by_key(a_service(name)))
            self.objects.slices.update(by_key(a_slice(name, *known, port=port)))

    def put(self, *items: Object, kind: str = "routes") -> Resources:
        """Take objects of a kind, and let Envoy have what follows."""
        getattr(self.objects, kind).update(by_key(*items))
        return self.apply()

    def apply(self) -> Resources:
        """Write what the objects say now."""
        made = translate(self.objects, self.place, str(self.folder))
        write_resources(self.folder, made)
        return made

    def next_number(self) -> int:
        """The number of the next route, `route-NUMBER`, for objects that name it."""
        return self._number + 1

    def serve(self, *rules: Object, **spec: Any) -> str:
        """Serve a route; returns its hostname once Envoy knows it."""
        self._number = self.next_number()
        host = f"t{self._number}.infctl.test"
        name = f"route-{self._number}"
        self.put(a_route(*rules, name=name, **{"hostnames": [host], **spec}))
        until(
            lambda: f"/{name}/" in self.admin("/config_dump?resource=dynamic_route_configs"), name
        )
        return host

    def status(self, number: int | None = None) -> dict[str, Object]:
        """The conditions of the last route by type."""
        made = translate(self.objects, self.place, str(self.folder))
        [parent] = made.statuses.routes[NAMESPACE, f"route-{number or self._number}"]
        return {c["type"]: c for c in parent["conditions"]}

    def admin(self, path: str) -> str:
        """What Envoy's admin server says."""
        where = f"http://{bootstrap.admin(self.lab, self.region)}{path}"
        with urllib.request.urlopen(where, timeout=5) as answer:
            return str(answer.read().decode())

    def ask(
        self, host: str, path: str = "/", method: str = "GET", body: str = "", **headers: str
    ) -> Answer:
        """One request over a connection of its own; underscores in header names are dashes."""
        connection = HTTPConnection(self.place.bound, addresses.GATEWAY_PORT, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, {"Host": host, **named})
            return read_answer(connection.getresponse())
        finally:
            connection.close()


def read_answer(answer: Any) -> Answer:
    """An answer of http.client."""
    text = answer.read().decode()
    said = json.loads(text) if text.startswith("{") else {"text": text}
    return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, said)


@contextmanager
def run_envoy(state: Path, number: int) -> Iterator[RunningEnvoy]:
    """Envoy as the lab starts it, without a supervisor."""
    lab = Lab("gateway", number, state, (Region("eu-west-1", 1),))
    region = lab.regions[0]
    pki.ensure_authority(lab)
    bootstrap.prepare(lab, region)
    running = RunningEnvoy(lab, bootstrap.resources_folder(lab, region))
    running.apply()
    words = [
        find_envoy(),
        *("--config-path", str(bootstrap.bootstrap_file(lab, region))),
        *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"),
        *("--file-flush-interval-msec", "50"),
    ]
    log = state / "envoy.log"
    with log.open("wb") as file, subprocess.Popen(words, stdout=file, stderr=file) as process:
        try:
            until(lambda: _is_up(running), f"Envoy starts: {log.read_text()[-2000:]}", 20)
            yield running
        finally:
            process.kill()


def _is_up(running: RunningEnvoy) -> bool:
    try:
        return running.admin("/ready").strip() == "LIVE"
    except OSError:
        return False
