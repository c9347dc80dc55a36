"""Records a running lab: follows its metrics, logs, events and parts, and writes the manifest."""

import asyncio
import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp

from infctl.lab import addresses, client, credentials
from infctl.lab.cluster import Cluster
from infctl.lab.errors import NotRunning
from infctl.lab.fetch import release
from infctl.lab.recording import events, manifest
from infctl.lab.recording.folder import Folder, Full
from infctl.lab.recording.logs import LogsTape
from infctl.lab.recording.metrics import PIECE_SECONDS, SETTLE_SECONDS, MetricsTape, MetricsUnread
from infctl.lab.recording.scrub import Scrubber, secrets_of
from infctl.lab.spec import Lab, Region

LIMIT_BYTES = 512 * 2**20
LONGEST_SECONDS = 4 * 3600.0
LOOK_SECONDS = 1.0
STATE_SECONDS = 5.0


class Recorder:
    """One recording of one lab into one folder."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self._lab = lab
        self._folder = Folder(path, LIMIT_BYTES)
        self._scrubber = Scrubber(secrets_of(lab.state / "pki"))
        self._missing: dict[str, str] = {}
        self._began = 0.0

    async def run(self, seconds: float, ending: asyncio.Event) -> dict[str, Any]:
        """Record for so long, or until `ending` is set; returns the manifest."""
        self._folder.make()
        self._began = time.time()
        followers = [asyncio.create_task(self._follow(r)) for r in self._lab.regions]
        try:
            why = await self._keep(seconds, ending)
        except Full as full:
            why = full.what
        finally:
            for task in followers:
                task.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
        return manifest.write_manifest(self._folder.path, self._facts(why))

    async def _keep(self, seconds: float, ending: asyncio.Event) -> str:
        """Look every second; every region's metrics and the states of parts more rarely."""
        logs = LogsTape(self._lab.state / "logs", self._folder, self._scrubber)
        tapes = [self._tape(region) for region in self._lab.regions]
        ticks = [_Every(PIECE_SECONDS), _Every(STATE_SECONDS, at_once=True)]
        end = time.monotonic() + seconds
        async with aiohttp.ClientSession() as session:
            while not ending.is_set() and time.monotonic() < end:
                logs.keep()
                if ticks[0].is_due():
                    await self._keep_metrics(tapes, session)
                if ticks[1].is_due():
                    await asyncio.to_thread(self._keep_states)
                await _sleep(min(LOOK_SECONDS, end - time.monotonic()), ending)
            logs.keep(last=True)
            await asyncio.to_thread(self._keep_states)
            await asyncio.sleep(SETTLE_SECONDS)
            await self._keep_metrics(tapes, session)
        return "it was ended" if ending.is_set() else "its time is over"

    def _tape(self, region: Region) -> MetricsTape:
        base = f"http://{self._lab.edge(region, 'metrics')}:{addresses.METRICS_PORT}"
        return MetricsTape(region.name, base, self._folder, self._scrubber, self._began)

    async def _keep_metrics(self, tapes: list[MetricsTape], session: aiohttp.ClientSession) -> None:
        for tape in tapes:
            try:
                await tape.keep(session)
                self._missing.pop(f"metrics/{tape.region}", None)
            except MetricsUnread as error:
                self._missing[f"metrics/{tape.region}"] = str(error)

    def _keep_states(self) -> None:
        try:
            status = client.ask(self._lab.admin_socket, "GET", "/status")
            faults = client.ask(self._lab.admin_socket, "GET", "/faults")["faults"]
        except NotRunning as error:
            self._missing["parts"] = error.what
            return
        states = {part["name"]: part["state"] for part in status["parts"]}
        line = {"at": round(time.time(), 3), "states": states, "faults": faults}
        self._folder.append("parts.jsonl", json.dumps(line) + "\n")

    async def _follow(self, region: Region) -> None:
        try:
            token = credentials.token(self._lab, "lab")
            async with Cluster(self._lab.api_url(region), token, self._lab.ca) as cluster:
                await events.follow(cluster, self._folder, region.name, self._scrubber, self._began)
        except (Full, OSError, LookupError, ValueError) as error:
            self._missing[f"events/{region.name}"] = str(error) or type(error).__name__

    def _facts(self, why: str) -> dict[str, Any]:
        return {
            "lab": self._lab.name,
            "regions": [region.name for region in self._lab.regions],
            "started": _written(self._began),
            "ended": _written(time.time()),
            "ended_because": why,
            "missing": dict(self._missing),
            "versions": {
                "infctl": version("infctl"),
                "kubernetes": release.version_of(release.KUBERNETES),
                "etcd": release.version_of(release.ETCD),
                "python": platform.python_version(),
            },
        }


class _Every:
    """Due once every so many seconds."""

    def __init__(
        self, seconds: float, *, at_once: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._next = now() + (0 if at_once else seconds)

    def is_due(self) -> bool:
        if self._now() < self._next:
            return False
        self._next = self._now() + self._seconds
        return True


async def _sleep(seconds: float, ending: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(ending.wait(), max(0.01, seconds))
    except TimeoutError:
        return


def _written(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
