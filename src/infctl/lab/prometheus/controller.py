"""Follows a region's monitors and rules, and keeps its Prometheus as they say."""

import asyncio
import logging
from pathlib import Path

from infctl.lab.cluster import Cluster
from infctl.lab.following import Follower, Object
from infctl.lab.prometheus import files
from infctl.lab.prometheus.announcing import Announcer
from infctl.lab.prometheus.configuration import make_configuration
from infctl.lab.prometheus.objects import (
    GROUP,
    Job,
    Objects,
    Refusal,
    RuleFile,
)
from infctl.lab.prometheus.promtool import CONFIGURATION, RULES, Promtool
from infctl.lab.prometheus.reloading import Reloader
from infctl.lab.prometheus.targets import listed_file, make_targets
from infctl.lab.prometheus.translation import make_jobs, make_rules
from infctl.lab.spec import Lab, Region

PATHS = {
    "services": "/api/v1/services",
    "slices": "/apis/discovery.k8s.io/v1/endpointslices",
    "pods": "/api/v1/pods",
    "service_monitors": f"/apis/{GROUP}/v1/servicemonitors",
    "pod_monitors": f"/apis/{GROUP}/v1/podmonitors",
    "rules": f"/apis/{GROUP}/v1/prometheusrules",
}
KINDS = {
    "service_monitors": "ServiceMonitor",
    "pod_monitors": "PodMonitor",
    "rules": "PrometheusRule",
}
DEBOUNCE = 0.05
_log = logging.getLogger(__name__)


class Controller:
    """One region's controller; `run` ends only by cancellation."""

    def __init__(
        self,
        cluster: Cluster,
        lab: Lab,
        region: Region,
        targets: Path,
        promtool: Promtool,
        reloader: Reloader,
    ) -> None:
        self._cluster = cluster
        self._lab = lab
        self._region = region
        self._targets = targets
        self._folder = targets.parent
        self._promtool = promtool
        self._reloader = reloader
        self._announcer = Announcer(cluster)
        self._objects = Objects()
        stores = {kind: getattr(self._objects, kind) for kind in PATHS}
        self._follower = Follower(cluster, PATHS, stores, complete=_complete)
        self._has_asked = False

    async def run(self) -> None:
        """Follow all kinds; write after each burst of changes."""
        async with asyncio.TaskGroup() as tasks:
            self._follower.start(tasks)
            tasks.create_task(self._translate())
            tasks.create_task(self._reloader.run())

    async def _translate(self) -> None:
        while True:
            await self._follower.settled(DEBOUNCE)
            try:
                await self._write()
            except OSError as error:
                _log.error("the files of Prometheus cannot be written: %s", error)
                self._follower.look_again(1.0)
            except Exception:
                # What Prometheus does stays as it is until the objects can be read again.
                _log.exception("the objects cannot be translated")

    async def _write(self) -> None:
        jobs, refused = make_jobs(self._objects, self._lab.timings.scrape_interval)
        rules, others = make_rules(self._objects)
        refused += others
        jobs = await self._good_jobs(jobs, refused)
        rules = await self._good_rules(rules, refused)
        covered = {address for job in jobs for address in job.addresses}
        files.write_json(self._targets, make_targets(self._objects.pods.values(), covered))
        made = make_configuration(
            self._lab,
            self._region,
            self._targets,
            jobs=[(job, files.targets_of(self._folder, job)) for job in jobs],
            rules=[files.rules_of(self._folder, file) for file in rules],
        )
        is_new = files.write_all(self._folder, jobs, rules, made)
        # A controller before this one may have been ended between writing and asking.
        if is_new or not self._has_asked:
            self._has_asked = True
            self._reloader.want(lambda: files.remove_others(self._folder, jobs, rules))
        listed_file(self._targets).touch()
        await self._announcer.tell(refused)

    async def _good_jobs(self, jobs: list[Job], refused: list[Refusal]) -> list[Job]:
        """A monitor of which one endpoint is refused is left out whole."""
        contents = [{"scrape_configs": [job.configuration]} for job in jobs]
        said = await self._promtool.judge(CONFIGURATION, contents)
        bad = {
            key_of(job): Refusal(job.owner, why) for job, why in zip(jobs, said, strict=True) if why
        }
        refused += bad.values()
        return [job for job in jobs if key_of(job) not in bad]

    async def _good_rules(self, rules: list[RuleFile], refused: list[Refusal]) -> list[RuleFile]:
        said = await self._promtool.judge(RULES, [{"groups": file.groups} for file in rules])
        told = list(zip(rules, said, strict=True))
        refused += [Refusal(file.owner, why) for file, why in told if why]
        return [file for file, why in told if not why]


def key_of(job: Job) -> str:
    """What is the same for all jobs of a monitor."""
    return str(job.owner["metadata"]["uid"])


def _complete(kind: str, item: Object) -> None:
    """Items of a list do not say what they are."""
    if kind in KINDS:
        item.setdefault("apiVersion", f"{GROUP}/v1")
        item.setdefault("kind", KINDS[kind])
