"""One region, from artifacts to readiness."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from infctl.engine.deploy.artifacts import File, bring_artifacts
from infctl.engine.deploy.objects import apply_object, read
from infctl.engine.deploy.readiness import Readiness, wait_ready
from infctl.engine.deploy.results import (
    BAD,
    Action,
    Change,
    Check,
    Progress,
    RegionResult,
    Report,
    allowed,
)
from infctl.errors import InfctlError
from infctl.platform.model import Platform
from infctl.platform.render.inventory import Reference, read_inventory
from infctl.platform.render.region import Rendered, render_region
from infctl.ports.cloud import ObjectStore
from infctl.ports.cluster import CONFIG_MAP, GATEWAY, Cluster, Kind

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What to bring to which region; `timeout` in seconds bounds all of it."""

    platform: Platform
    cluster: Cluster
    store: ObjectStore
    files: tuple[File, ...]
    timeout: float
    force: bool = False
    check: Check = allowed


@dataclass(slots=True)
class _Region:
    """The state of one region's deployment while it runs."""

    job: Job
    rendered: Rendered
    report: Report
    changes: list[Change] = field(default_factory=list)
    seen: Readiness = field(default_factory=Readiness)


async def deploy_region(job: Job, report: Report) -> RegionResult:
    """Bring the region to what is rendered; whatever fails is in the result, never raised."""
    started = time.monotonic()
    state = _Region(job, render_region(job.platform, job.cluster.region), report)
    error = ""
    try:
        async with asyncio.timeout(job.timeout):
            await _bring(state)
    except InfctlError as failure:
        error = failure.what
    except TimeoutError:
        why = state.seen.reason or "the cluster did not answer"
        error = f"not ready within {job.timeout:g} s: {why}"
    return RegionResult(
        region=job.cluster.region,
        changes=tuple(state.changes),
        ready=state.seen.text,
        address=state.seen.address,
        seconds=time.monotonic() - started,
        error=error,
    )


async def _bring(state: _Region) -> None:
    job, region = state.job, state.job.cluster.region
    state.report(Progress(region, "artifacts", 0, len(job.files)))
    job.check()
    state.changes += await bring_artifacts(job.store, job.platform, job.files)
    if any(change.action in BAD for change in state.changes):
        return
    known = await job.cluster.kinds()
    state.rendered = narrow(state.rendered, known, state.changes)
    await _apply_all(state)
    if any(change.action in BAD for change in state.changes):
        return
    gateway = any(manifest["kind"] == GATEWAY.kind for manifest in state.rendered.objects)
    await wait_ready(job.cluster, job.platform, state.seen, state.report, gateway=gateway)


def narrow(rendered: Rendered, known: Iterable[Kind], changes: list[Change]) -> Rendered:
    """Only the objects whose kind the cluster knows; the others are named in `changes`."""
    known = frozenset(known)
    kept = []
    for manifest in rendered.objects:
        if Kind.of(manifest) in known:
            kept.append(manifest)
        else:
            detail = (
                f"the cluster lacks the capability {manifest['kind']} ({manifest['apiVersion']})"
            )
            changes.append(Change.of(Reference.of(manifest), Action.LEFT_OUT, detail))
    return replace(rendered, objects=tuple(kept))


async def _apply_all(state: _Region) -> None:
    """Namespace, inventory of old and new, the objects, pruning, and the inventory of the new."""
    job, rendered = state.job, state.rendered
    config_map = await job.cluster.read(CONFIG_MAP, *_inventory_place(job.platform, rendered))
    old = read_inventory(config_map)
    new = frozenset(Reference.of(manifest) for manifest in rendered.objects)
    total = len(rendered.objects) + 1
    for done, manifest in enumerate(rendered.objects):
        state.report(Progress(rendered.region, "objects", done, total))
        await _apply(state, manifest)
        if done == 0 and not new <= old:
            await _record_union(state, old)
    if any(change.action in BAD for change in state.changes):
        return
    for reference in sorted(old - new):
        job.check()
        state.changes.append(await _prune(job.cluster, reference))
    await _apply(state, rendered.inventory(job.platform))
    if config_map is None and state.changes[-1].action is Action.CHANGED:
        state.changes[-1] = replace(state.changes[-1], action=Action.CREATED)
    state.report(Progress(rendered.region, "objects", total, total))


async def _apply(state: _Region, manifest: Object) -> None:
    state.job.check()
    change, _, _ = await apply_object(state.job.cluster, manifest, force=state.job.force)
    state.changes.append(change)


async def _record_union(state: _Region, old: frozenset[Reference]) -> None:
    """Before anything new exists the inventory names it, so that a crash leaves no orphan."""
    interim = replace(state.rendered, generation="")
    await apply_object(state.job.cluster, interim.inventory(state.job.platform, old), force=True)


async def _prune(cluster: Cluster, reference: Reference) -> Change:
    live = await read(cluster, reference)
    if live is not None:
        kind = Kind(reference.api_version, reference.kind)
        uid = live["metadata"].get("uid")
        await cluster.delete(kind, reference.name, reference.namespace or None, uid=uid)
    return Change.of(reference, Action.PRUNED)


def _inventory_place(platform: Platform, rendered: Rendered) -> tuple[str, str]:
    metadata = rendered.inventory(platform)["metadata"]
    return metadata["name"], metadata["namespace"]
