"""The cloud's share of the stack: buckets, artifacts, health checks and weighted records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infctl.platform.model import Platform
from infctl.platform.render import cloud_names
from infctl.ports.cloud import HealthCheck, Record


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of one region; a `public` one can be read by health checkers."""

    name: str
    public: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file below the models' folder that must lie in the bucket; `digest` is of its bytes."""

    source: str
    key: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """Where a region's object store is reached by health checkers; `tls` on its port."""

    host: str
    port: int = 443
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Zone:
    """What the name service holds: checks in the order of creation, then records."""

    name: str
    checks: tuple[HealthCheck, ...]
    records: tuple[Record, ...]


def render_buckets(platform: Platform, region: str) -> tuple[Bucket, ...]:
    """A region's buckets: its artifacts, and the switches that it keeps for others."""
    return (
        Bucket(cloud_names.models_bucket(platform, region), public=False),
        Bucket(cloud_names.switches_bucket(platform, region), public=True),
    )


def render_artifacts(platform: Platform) -> tuple[Artifact, ...]:
    """What each region's bucket of models holds; a manifest goes beside its model."""
    found: list[Artifact] = []
    for model in platform.models:
        folder = f"{model.name}/{model.version}"
        found.append(Artifact(f"{folder}/manifest.json", f"models/{folder}/manifest.json"))
        found.append(Artifact(f"{folder}/model.onnx", f"models/{folder}/model.onnx", model.digest))
    return tuple(found)


def default_store(region: str) -> Store:
    """AWS's own S3 endpoint of a region."""
    return Store(f"s3.{region}.amazonaws.com")


def render_zone(
    platform: Platform, gateways: Mapping[str, str], stores: Mapping[str, Store]
) -> Zone:
    """The records of the regions whose gateway address is known, and their health checks.

    `stores` are the keepers' object stores by region; AWS's own where one is missing.
    """
    names = [name for name in platform.region_names if name in gateways]
    checks = [c for name in names for c in _checks(platform, name, gateways[name], stores)]
    records = tuple(_record(platform, name, gateways[name]) for name in names)
    return Zone(platform.service.zone, tuple(checks), records)


def _record(platform: Platform, region: str, address: str) -> Record:
    return Record(
        name=platform.service.host,
        type="A",
        set_identifier=region,
        weight=platform.region(region).weight,
        ttl=round(platform.traffic.ttl),
        values=(address,),
        health_check=cloud_names.check_name(platform, region),
    )


def _checks(
    platform: Platform, region: str, address: str, stores: Mapping[str, Store]
) -> Iterator[HealthCheck]:
    children = [_endpoint(platform, region, address)]
    for keeper in platform.keepers(region):
        store = stores.get(keeper) or default_store(keeper)
        children.append(_switch(platform, region, keeper, store))
    yield from children
    names = [child.name for child in children]
    yield HealthCheck(
        cloud_names.check_name(platform, region),
        {"Type": "CALCULATED", "ChildHealthChecks": names, "HealthThreshold": len(names)},
    )


def _endpoint(platform: Platform, region: str, address: str) -> HealthCheck:
    check = platform.traffic.health_check
    return HealthCheck(
        cloud_names.endpoint_check_name(platform, region),
        {
            "Type": "HTTP",
            "IPAddress": address,
            "Port": platform.service.port,
            "ResourcePath": check.path,
            "FullyQualifiedDomainName": platform.service.host,
            "RequestInterval": round(check.interval),
            "FailureThreshold": check.failure_threshold,
        },
    )


def _switch(platform: Platform, region: str, keeper: str, store: Store) -> HealthCheck:
    bucket = cloud_names.switches_bucket(platform, keeper)
    switch = platform.traffic.switch
    where: dict[str, Any] = {"Type": "HTTPS" if store.tls else "HTTP", "Port": store.port}
    where["IPAddress" if _is_address(store.host) else "FullyQualifiedDomainName"] = store.host
    if store.tls:
        where["EnableSNI"] = True
    return HealthCheck(
        cloud_names.switch_check_name(platform, region, keeper),
        {
            **where,
            "ResourcePath": f"/{bucket}/{cloud_names.switch_key(region)}",
            "RequestInterval": round(switch.interval),
            "FailureThreshold": switch.failure_threshold,
            "Inverted": True,
        },
    )


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit()
