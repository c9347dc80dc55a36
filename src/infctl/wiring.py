"""The composition root: from an environment's access file to its ports. Nothing connects here."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from infctl.errors import ConfigurationError

if TYPE_CHECKING:
    from infctl.clients.aws import Account
    from infctl.clients.command_runner import AllowedPrograms
    from infctl.clients.http_caller import HttpEndpoints
    from infctl.clients.notices import Outbox
    from infctl.clients.witness import DynamoWitness
    from infctl.platform import Platform
    from infctl.platform.environment_file import CloudAccess, Environment
    from infctl.ports.cluster import Cluster
    from infctl.ports.world import World


def state_folder() -> Path:
    """infctl's folder for what must outlive a command: $XDG_STATE_HOME/infctl."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "infctl"


def find_environment(name: str) -> "Environment | None":
    """The access file of that environment; None where there is none."""
    from infctl.platform.environment_file import find_environment as find

    return find(state_folder() / "environments", name)


def read_environment(name: str) -> "Environment":
    """The access file of that environment; ConfigurationError where there is none."""
    found = find_environment(name)
    if found is None:
        path = state_folder() / "environments" / f"{name}.json"
        raise ConfigurationError(
            f"how to reach the environment {name} is not known: there is no {path}",
            hint="infctl lab up, or for a real platform write that file (docs/platform.md)",
        )
    return found


def fit(platform: "Platform") -> "Platform":
    """The platform without the regions that its environment's access file leaves out."""
    found = find_environment(platform.environment)
    return platform.without(found.left_out) if found is not None else platform


def open_world(platform: "Platform", environment: str) -> "World":
    """The environment's ports; each connects, and imports its SDK, when it is first asked."""
    from infctl.clients.clock import SystemClock
    from infctl.clients.cluster import KubernetesCluster
    from infctl.clients.fault_injector import FaultInjector
    from infctl.clients.known_zones import KnownZoneFile
    from infctl.clients.load import LocustLoad
    from infctl.clients.object_store import S3Store
    from infctl.clients.prometheus import PrometheusMetrics
    from infctl.clients.resolver import DnsResolver
    from infctl.clients.route53 import Route53Names
    from infctl.ports.world import World

    access = read_environment(environment)
    _check_class(platform, access)
    check_places(platform, access)
    names = Route53Names(_account(access.cloud, access.cloud))
    clock = SystemClock()
    # Regions that the access file does not name have no ports, and are shown as unknown.
    regions = {n: r for n in platform.region_names if (r := access.regions.get(n)) is not None}
    kubeconfig = Path(access.kubeconfig)
    clusters = {n: KubernetesCluster(n, kubeconfig, r.context) for n, r in regions.items()}
    metrics = {n: PrometheusMetrics(n, r.prometheus) for n, r in regions.items()}
    stores = {n: S3Store(n, _account(r.cloud, access.cloud)) for n, r in regions.items()}
    notifier = _notifier(access)
    witness = _witness(platform, access)
    server = (access.resolver.address, access.resolver.port) if access.resolver else ("", 53)

    return World(
        environment=environment,
        kind=access.kind,
        clusters=clusters,
        metrics=metrics,
        stores=stores,
        names=names,
        resolver=DnsResolver(*server),
        faults=FaultInjector(Path(access.faults.socket)) if access.faults else None,
        load=LocustLoad(server, access.clients),
        clock=clock,
        close=partial(_close, clusters, [names, *metrics.values(), *stores.values(), witness]),
        warm=partial(_warm, [names, *stores.values()], notifier),
        witness=witness,
        absent=tuple(n for n in platform.region_names if n not in regions),
        notifier=notifier,
        http=_http(access),
        commands=_commands(access),
        known=KnownZoneFile(state_folder() / "known", environment, clock),
    )


class _Closing(Protocol):
    def close(self) -> None: ...


class _Warming(Protocol):
    async def warm(self) -> None: ...


async def _close(clusters: "Mapping[str, Cluster]", others: Sequence[_Closing | None]) -> None:
    """Give back all connections."""
    await asyncio.gather(*(cluster.close() for cluster in clusters.values()))
    for port in others:
        if port is not None:
            port.close()


async def _warm(ports: Sequence[_Warming], notifier: "Outbox | None") -> None:
    """Load the SDKs, and send what an earlier run could not."""
    await asyncio.to_thread(_import_sdks)
    if notifier is not None:
        notifier.keep_trying()
    await asyncio.gather(*(port.warm() for port in ports))


def _witness(platform: "Platform", access: "Environment") -> "DynamoWitness | None":
    """The lock's third place, in the cloud region that the platform file names."""
    if platform.lock.witness is None:
        return None
    from infctl.clients.witness import DynamoWitness
    from infctl.platform.render.cloud_names import lock_table

    account = replace(_account(access.cloud, access.cloud), region=platform.lock.witness)
    return DynamoWitness(lock_table(platform), access.name, account)


def check_places(platform: "Platform", access: "Environment") -> None:
    """What one cloud region's loss must not take away: the lock's majority, and a region's switch.

    The platform file cannot tell, since only the access file says which cloud region a region is.
    """
    places = {
        n: access.regions[n].cloud.region for n in platform.region_names if n in access.regions
    }
    witness = platform.lock.witness
    if shared := [n for n, place in places.items() if place == witness]:
        raise ConfigurationError(
            f"{platform.path} puts the lock's witness into {witness}, where {shared[0]} is",
            unchanged="nothing was asked",
            hint="name a cloud region under lock.witness that holds no region",
        )
    for name, place in places.items():
        keepers = [places[k] for k in platform.keepers(name) if k in places]
        if keepers and all(keeper == place for keeper in keepers):
            raise ConfigurationError(
                f"the switch of {name} would be kept in its own cloud region {place} alone",
                unchanged="nothing was asked",
                hint=f"the access file of {access.name} puts every region into one cloud region",
            )


def _notifier(access: "Environment") -> "Outbox | None":
    """The routes that the access file names, with an outbox that outlives the network."""
    if not access.notifications:
        return None
    from infctl.clients.notices import Outbox, Topic, Webhook

    account = _account(access.cloud, access.cloud)
    routes = {
        name: Webhook(name, route.url.get_secret_value())
        if route.url is not None
        else Topic(name, route.topic or "", account)
        for name, route in access.notifications.items()
    }
    return Outbox(routes, state_folder() / "notices" / access.name)


def _http(access: "Environment") -> "HttpEndpoints | None":
    """The endpoints that runbooks may call."""
    if not access.endpoints:
        return None
    from infctl.clients.http_caller import Endpoint, HttpEndpoints
    from infctl.model.text import Secret

    return HttpEndpoints(
        {
            name: Endpoint(e.url, Secret(e.token.get_secret_value()) if e.token else None)
            for name, e in access.endpoints.items()
        }
    )


def _commands(access: "Environment") -> "AllowedPrograms | None":
    """The programs that runbooks may run."""
    if not access.programs:
        return None
    from infctl.clients.command_runner import AllowedPrograms, Program

    return AllowedPrograms(
        {
            name: Program(Path(p.path), p.sha256 or "", p.environment)
            for name, p in access.programs.items()
        },
        state_folder() / "work",
    )


def _import_sdks() -> None:
    from infctl.clients import load_sdks

    load_sdks()


def _check_class(platform: "Platform", access: "Environment") -> None:
    """The platform file asks before production is touched; the access file must not hide it."""
    if platform.environment_class != access.kind:
        raise ConfigurationError(
            f"{platform.path} calls {platform.overlay} {platform.environment_class},"
            f" but the access file of {access.name} says {access.kind}",
            unchanged="nothing was asked",
            hint="make `class` the same in both",
        )


def _account(access: "CloudAccess", shared: "CloudAccess") -> "Account":
    """A region's own keys, else those of the environment's cloud."""
    from infctl.clients.aws import Account

    chosen = access if access.access_key_id else shared
    secret = chosen.secret_access_key
    return Account(
        region=access.region,
        endpoint=access.endpoint or "",
        access_key_id=chosen.access_key_id or "",
        secret_access_key=secret.get_secret_value() if secret is not None else "",
    )
