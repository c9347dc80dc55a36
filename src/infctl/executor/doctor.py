"""Examines an environment: all regions and this machine at once, whole in less than 20 s."""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from infctl.content.facts import Facts
from infctl.engine.deploy.regions import Request
from infctl.engine.deploy.status import read_status
from infctl.engine.guards import needed_rights
from infctl.engine.locks import lock_sites
from infctl.engine.readiness.examination import Answer, Examination
from infctl.errors import InfctlError
from infctl.executor import examining
from infctl.executor.alarms import untold
from infctl.executor.examining import DEADLINE
from infctl.executor.facts import read_facts
from infctl.executor.rights import ask_right
from infctl.model.measured import Measured
from infctl.model.plan import Plan
from infctl.model.question import Question
from infctl.observe.reading import measure
from infctl.observe.shifts import read_shifts
from infctl.platform import Platform
from infctl.ports.cloud import CloudState, ObjectStore
from infctl.ports.world import World
from infctl.registry import RUNBOOKS, load_runbook

K = TypeVar("K")
V = TypeVar("V")


async def examine(
    world: World, platform: Platform, state: Path, *, besides: str = ""
) -> Examination:
    """Read everything that readiness is judged by; `state` is infctl's folder on this machine.

    `besides` is a run that is about to begin.
    """
    facts = await read_facts(world, platform, besides=besides)
    plans, broken = _plans(facts)
    rights = {*examining.usual_rights(platform), *(r for p in plans for r in needed_rights(p))}
    regions = platform.region_names
    request = Request(platform, regions, {}, DEADLINE)
    asked, (answers, deployed, places, off), by_region = await asyncio.gather(
        _each({right: ask_right(world, right) for right in rights}),
        asyncio.gather(
            _answers(world, platform),
            read_status(world, request),
            _places(world),
            read_shifts(world.stores, regions, platform.service.name, DEADLINE),
        ),
        asyncio.gather(
            _each({n: examining.missing_fence(c) for n, c in world.clusters.items()}),
            _each({n: examining.image_problems(c, platform) for n, c in world.clusters.items()}),
            _each({n: examining.clock_ahead(m, world) for n, m in world.metrics.items()}),
            _each({n: _buckets(store) for n, store in world.stores.items()}),
        ),
    )
    missing, images, clocks, buckets = by_region
    return Examination(
        facts=facts,
        now=world.clock.wall(),
        disk=await asyncio.to_thread(examining.read_disk, state),
        plans=plans,
        broken=broken,
        answers=answers,
        rights=asked,
        deployed=tuple(deployed),
        missing=missing,
        images=images,
        clocks=clocks,
        places=places,
        buckets=buckets,
        shifts=off.active,
        unread_shifts=off.unread,
        files=examining.read_files(*_files(world, state)),
        known=await _known(world, platform),
        routes=() if world.notifier is None else world.notifier.names(),
        waiting=await asyncio.to_thread(untold, world),
    )


def _each(questions: Mapping[K, Awaitable[V]]) -> Coroutine[Any, Any, dict[K, V]]:
    """All at once, each answer under its question's name."""
    return _gathered({name: Question(asked) for name, asked in questions.items()})


async def _gathered(questions: Mapping[K, Question[V]]) -> dict[K, V]:
    answers = await asyncio.gather(*questions.values())
    return dict(zip(questions, answers, strict=True))


def _plans(facts: Facts) -> tuple[tuple[Plan, ...], dict[str, str]]:
    """Each runbook's plans of today's facts, and why others could not be made."""
    made: list[Plan] = []
    broken: dict[str, str] = {}
    for entry in RUNBOOKS:
        try:
            made += load_runbook(entry.name).samples(facts)
        except InfctlError as error:
            broken[entry.name] = error.what
    return tuple(made), broken


async def _answers(world: World, platform: Platform) -> tuple[Answer, ...]:
    questions = [
        examining.ask("", "name service", world.names.read(platform.service.zone)),
        examining.ask("", "resolver", world.resolver.resolve(platform.service.host)),
    ]
    for region in platform.region_names:
        if region not in world.clusters:
            continue
        questions += [
            examining.ask(region, "Kubernetes API", world.clusters[region].version()),
            examining.ask(region, "Prometheus", world.metrics[region].ready()),
            examining.ask(region, "object store", world.stores[region].buckets()),
        ]
    lost = tuple(
        Answer(region, "access file", f"the environment {world.environment} has no such region")
        for region in platform.region_names
        if region not in world.clusters
    )
    return (*lost, *await asyncio.gather(*questions))


async def _known(world: World, platform: Platform) -> Measured[CloudState] | None:
    """As the reading of the zone just now has left it, which is what the next recovery finds."""
    return None if world.known is None else await world.known.recall(platform.service.zone)


async def _places(world: World) -> Mapping[str, str]:
    sites = lock_sites(world)
    answers = await asyncio.gather(*(examining.ask(s.name, "lock", s.read()) for s in sites))
    return {answer.place: answer.reason for answer in answers}


async def _buckets(store: ObjectStore) -> Measured[tuple[str, ...]]:
    async def names() -> tuple[str, ...]:
        return tuple(await store.buckets())

    return await measure(names(), f"s3 {store.region}", DEADLINE)


def _files(world: World, state: Path) -> list[Path]:
    """The access file, and the kubeconfig that it names."""
    from infctl.platform.environment_file import find_environment

    folder = state / "environments"
    own = folder / f"{world.environment}.json"
    try:
        access = find_environment(folder, world.environment)
    except InfctlError:
        return [own]
    return [] if access is None else [own, Path(access.kubeconfig)]
