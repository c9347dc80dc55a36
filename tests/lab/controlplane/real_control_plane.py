"""One region's real control plane for tests, started as the supervisor starts it."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from infctl.lab import controlplane, credentials, fetch, locate
from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.controlplane.preparation import write_config
from infctl.lab.processes import Register
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor import logs
from infctl.lab.supervisor.child import State
from infctl.lab.supervisor.household import Household
from infctl.lab.supervisor.ports import check_free

T = TypeVar("T")
KUBECTL = Path(sys.executable).with_name("kubectl")
NAMESPACE_SECONDS = 15.0


class ControlPlane:
    """A running control plane: how to reach it, and as whom."""

    def __init__(self, lab: Lab, household: Household, loop: asyncio.AbstractEventLoop) -> None:
        self.lab = lab
        self.region = lab.regions[0]
        self.url = lab.api_url(self.region)
        self.ca = lab.ca
        self.kubeconfig: Path = lab.kubeconfig
        self.household = household
        self._loop = loop

    def token(self, user: str) -> str:
        """The bearer token of one of the lab's users: operator, viewer, agent, gateway, ..."""
        return credentials.token(self.lab, user)

    def cluster(self, user: str = "operator") -> Cluster:
        """The lab's own thin client as that user; an async context manager."""
        return Cluster(self.url, self.token(user), self.ca)

    def kubectl(self, *words: str, config: Path | None = None) -> str:
        """What kubectl prints, its errors too; as the operator, or with another kubeconfig."""
        command = [str(KUBECTL), "--kubeconfig", str(config or self.kubeconfig), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.stdout + done.stderr

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 60.0) -> T:
        """Run a coroutine on the supervisor's loop, which lives in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def start(self) -> None:
        """Start all parts that are not there; fails with what they say where one is not ready."""
        self.run(self.household.start(list(self.household.children)), timeout=120)
        if bad := [c for c in self.household.children.values() if c.state is not State.READY]:
            raise AssertionError("\n".join(_explain(c) for c in bad))

    def stop(self) -> None:
        """Stop all parts; their data stays."""
        self.run(self.household.stop())

    def make_namespace(self, name: str) -> None:
        """Create a namespace and wait until pods can be created in it."""
        self.run(self._make_namespace(name))

    async def _make_namespace(self, name: str) -> None:
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        async with self.cluster() as cluster, asyncio.timeout(NAMESPACE_SECONDS):
            await cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
            while not await _exists(cluster, account):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def remove_namespace(self, name: str) -> None:
        """Ask for its deletion, without waiting for the end."""
        self.run(self._remove_namespace(name))

    async def _remove_namespace(self, name: str) -> None:
        async with self.cluster() as cluster:
            await cluster.delete(f"/api/v1/namespaces/{name}")


async def _exists(cluster: Cluster, path: str) -> bool:
    try:
        await cluster.get(path)
    except ClusterError as error:
        if error.status != 404:
            raise
        return False
    return True


def _explain(child: Any) -> str:
    last = "\n  ".join(logs.tail(child.log, 5))
    return f"{child.part.name} is {child.state.value}: {child.reason}\n  {last}"


@contextmanager
def run_control_plane(state: Path, region: str = "eu-west-1") -> Iterator[ControlPlane]:
    """A control plane with its files in `state`; nothing of it runs after the block."""
    number, claim = locate.claim_number()
    with claim, _loop() as loop:
        lab = Lab("test", number, state, (Region(region, 1),))
        plane = ControlPlane(lab, _assemble(lab), loop)
        try:
            plane.start()
            yield plane
        finally:
            plane.stop()


def _assemble(lab: Lab) -> Household:
    """The same parts as in a whole lab; fails where Kubernetes is missing, never skips."""
    lab.save()
    for region in lab.regions:
        controlplane.prepare(lab, region)
    # No edge stands before it here.
    write_config(lab.kubeconfig, lab, list(lab.regions), "operator", others=("viewer",))
    try:
        controlplane.parse_definitions(lab, fetch.definitions_folder())
        parts = [p for r in lab.regions for p in controlplane.parts(lab, r, fetch.argv)]
    except FileNotFoundError as error:
        raise AssertionError(f"{error}; python -m infctl.lab.fetch gets it") from error
    check_free(parts)
    return Household(lab, parts, lambda _: (), Register(lab.state / "processes.json"))


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread; the parts die with that thread, so it lives as long as they."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="control-plane", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
