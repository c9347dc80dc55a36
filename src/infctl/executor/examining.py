"""Reads what readiness is judged by from one region or this machine, each with a deadline."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Any

from infctl.engine.handler import Permission
from infctl.engine.readiness.examination import Answer, Disk, OwnFile
from infctl.errors import CredentialsError, InfctlError
from infctl.executor.own_files import folder_problem, medium_problem
from infctl.model import fence
from infctl.model.measured import Measured, unknown
from infctl.model.question import Question
from infctl.model.text import clean
from infctl.observe.reading import measure
from infctl.platform import Platform
from infctl.platform.render import naming
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, LEASE, POD, Cluster, Kind
from infctl.ports.metrics import Metrics
from infctl.ports.world import World

DEADLINE = 4.0
"""Seconds for one question; all are asked at once."""
_POLICY = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
_NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


def ask(place: str, endpoint: str, question: Awaitable[Any]) -> Coroutine[Any, Any, Answer]:
    """Whether an endpoint answers, and knows who we are."""
    return _ask(place, endpoint, Question(question))


async def _ask(place: str, endpoint: str, question: Question[Any]) -> Answer:
    try:
        await asyncio.wait_for(question, DEADLINE)
    except TimeoutError:
        return Answer(place, endpoint, f"no answer within {DEADLINE:g} s")
    except CredentialsError as error:
        return Answer(place, endpoint, error.what, is_refusal=True)
    except InfctlError as error:
        return Answer(place, endpoint, error.what)
    return Answer(place, endpoint)


def usual_rights(platform: Platform) -> tuple[Permission, ...]:
    """What runs need in every region, whatever their plan: the stack, our own namespace, leases."""
    place = platform.service.name
    wanted = (
        *(("get", kind, place) for kind in (DEPLOYMENT, CONFIG_MAP)),
        ("list", POD, place),
        ("patch", DEPLOYMENT, place),
        *((verb, CONFIG_MAP, fence.SYSTEM) for verb in ("get", "create", "patch")),
        *((verb, LEASE, fence.SYSTEM) for verb in ("get", "create", "patch")),
    )
    return tuple(
        Permission(region, verb, kind, where)
        for region in platform.region_names
        for verb, kind, where in wanted
    )


async def missing_fence(cluster: Cluster) -> Measured[tuple[str, ...]]:
    """What a cluster lacks of what lets it refuse older fences."""
    return await measure(_missing(cluster), f"kubernetes {cluster.region}", DEADLINE)


async def _missing(cluster: Cluster) -> tuple[str, ...]:
    wanted = (
        (CONFIG_MAP, fence.CONFIG_MAP_NAME, fence.SYSTEM),
        (_POLICY, fence.POLICY_NAME, None),
        (_BINDING, fence.POLICY_NAME, None),
        (_POLICY, fence.GUARD_NAME, None),
        (_BINDING, fence.GUARD_NAME, None),
    )
    found = await asyncio.gather(*(cluster.read(*one) for one in wanted))
    return tuple(
        f"{kind.kind} {name}"
        for (kind, name, _), there in zip(wanted, found, strict=True)
        if there is None
    )


async def image_problems(cluster: Cluster, platform: Platform) -> Measured[tuple[str, ...]]:
    """Pods that cannot get their image, or that run another one than the platform file's."""
    return await measure(_images(cluster, platform), f"kubernetes {cluster.region}", DEADLINE)


async def _images(cluster: Cluster, platform: Platform) -> tuple[str, ...] | None:
    ours = ",".join(f"{label}={value}" for label, value in naming.selector(platform).items())
    pods = await cluster.list(POD, platform.service.name, ours)
    if not pods:
        # No pod is no proof: what is measured is what runs.
        return None
    return tuple(problem for pod in pods if (problem := _image_problem(pod, platform)))


def _image_problem(pod: dict[str, Any], platform: Platform) -> str:
    name = clean(str(pod.get("metadata", {}).get("name", "a pod")), limit=253)
    images = [str(c.get("image")) for c in _listed(pod, "spec", "containers")]
    for status in _listed(pod, "status", "containerStatuses"):
        reason = str(((status.get("state") or {}).get("waiting") or {}).get("reason", ""))
        if reason in _NO_IMAGE:
            return f"{name}: {reason}"
    if platform.server.image not in images:
        return f"{name} runs another image"
    return ""


def _listed(pod: dict[str, Any], part: str, field: str) -> list[dict[str, Any]]:
    found = (pod.get(part) or {}).get(field) or []
    return [item for item in found if isinstance(item, dict)]


async def clock_ahead(metrics: Metrics, world: World) -> Measured[float]:
    """Seconds by which a region's clock, as its Prometheus has it, is ahead of ours."""
    source = f"prometheus {metrics.region}"
    before = world.clock.wall()
    found = await measure(metrics.query("time()"), source, DEADLINE)
    after = world.clock.wall()
    if found.value is None:
        return unknown(source, found.at, found.reason)
    if not found.value:
        return unknown(source, found.at, "no data")
    theirs = found.value[0].value
    # Ours was any moment between question and answer: only what lies outside is a difference.
    ahead = theirs - after if theirs > after else min(0.0, theirs - before)
    return Measured(ahead, found.at, source)


def read_disk(folder: Path) -> Disk:
    """Where runs are kept: room, ownership, file system."""
    problems = []
    for one in (folder, folder / "runs"):
        problem, hint = folder_problem(one)
        if problem:
            problems.append((f"{one} {problem}", hint))
    present = next(p for p in (folder, *folder.parents) if p.exists())
    if medium := medium_problem(present):
        problems.append((medium, f"df -T {present}"))
    if not os.access(present, os.W_OK):
        problems.append((f"{present} cannot be written", f"ls -ld {present}"))
    return Disk(str(folder), shutil.disk_usage(present).free, tuple(problems))


def read_files(*paths: Path) -> tuple[OwnFile, ...]:
    """Files with credentials, those that are there."""
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append(OwnFile(str(path), stat.st_mode, max(0.0, time.time() - stat.st_mtime)))
    return tuple(found)
