"""What no single key can say: rules between the values of a platform."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from infctl.platform.bounds import loss_bound, switch_bound
from infctl.platform.model import Platform
from infctl.platform.units import amount, format_duration, format_percentage

Finding = tuple[tuple[str | int, ...], str]
"""A path into the file, and the sentence."""

_LONGEST_BUCKET = 63
_LARGEST_CPU = 1024
_EVEN = 2
"""Regions of which none is a majority."""


def check(platform: Platform) -> list[Finding]:
    """All findings, in no order."""
    return list(chain.from_iterable(rule(platform) for rule in _RULES))


def _unique(platform: Platform) -> Iterator[Finding]:
    yield from _repeated("regions", platform.region_names)
    yield from _repeated("models", [model.name for model in platform.models])
    schedules = [schedule.name for schedule in platform.autoscaling.schedules]
    for path, message in _repeated("schedules", schedules):
        yield ("autoscaling", *path), message


def _repeated(section: str, names: Iterable[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield (section, index, "name"), f"`{name}` is here twice"
        seen.add(name)


def _keepers(platform: Platform) -> Iterator[Finding]:
    if len(platform.regions) < 2:
        yield (
            ("regions",),
            "a region's switch is kept in the other regions: name at least two regions",
        )
    on = platform.guards.min_regions_on
    if on >= len(platform.regions) > 1:
        message = f"{on} of {len(platform.regions)} regions must stay on: none could fail over"
        yield ("guards", "min_regions_on"), message


def _witness(platform: Platform) -> Iterator[Finding]:
    witness, names = platform.lock.witness, platform.region_names
    if witness in names:
        message = f"`{witness}` is one of the regions: its loss would take two of three votes"
        yield ("lock", "witness"), message
    if witness is None and len(names) == _EVEN:
        yield (
            ("lock",),
            "two regions need a witness in a third cloud region: without one the loss of a region"
            " leaves no majority for the lock",
        )


def _zones(platform: Platform) -> Iterator[Finding]:
    known = {region.residency for region in platform.regions}
    for index, zone in enumerate(platform.guards.bound_zones):
        if zone not in known:
            yield ("guards", "bound_zones", index), f"no region has the residency `{zone}`"


def _weights(platform: Platform) -> Iterator[Finding]:
    if all(region.weight == 0 for region in platform.regions):
        yield ("regions",), "every weight is 0: Route 53 would answer with all regions alike"


def _names(platform: Platform) -> Iterator[Finding]:
    service = platform.service
    if not service.host.endswith(f".{service.zone}"):
        yield ("service", "host"), f"not in the zone {service.zone}"
    for index, region in enumerate(platform.regions):
        for name in (
            f"{service.name}-models-{region.name}",
            f"{service.name}-switches-{region.name}",
        ):
            if len(name) > _LONGEST_BUCKET:
                yield (
                    ("regions", index, "name"),
                    f"too long: the bucket {name} passes 63 characters",
                )


def _recovery(platform: Platform) -> Iterator[Finding]:
    objective = platform.objectives.recovery.rto
    bounds = {"a lost region": loss_bound(platform), "a switch": switch_bound(platform)}
    for what, bound in bounds.items():
        if objective < bound.seconds:
            yield (
                ("objectives", "recovery", "rto"),
                f"{format_duration(objective)} cannot be kept: after {what} the bound is {bound}",
            )


def _latency(platform: Platform) -> Iterator[Finding]:
    ceiling = platform.service.sla.latency_p99
    timeout = platform.traffic.timeout
    if timeout < ceiling:
        message = f"{format_duration(timeout)} cuts requests that are within the SLA's ceiling"
        yield ("traffic", "timeout"), f"{message} of {format_duration(ceiling)}"
    if platform.traffic.retries.per_try_timeout > timeout:
        yield ("traffic", "retries", "per_try_timeout"), "longer than the request's own timeout"
    if platform.server.service_time > ceiling:
        message = (
            f"a request holds its slot longer than the SLA's ceiling of {format_duration(ceiling)}"
        )
        yield ("server", "service_time"), message
    if platform.objectives.latency.ceiling > ceiling:
        message = f"laxer than the SLA's ceiling of {format_duration(ceiling)}"
        yield ("objectives", "latency", "ceiling"), message


def _availability(platform: Platform) -> Iterator[Finding]:
    promised = platform.service.sla.availability
    if platform.objectives.availability.target < promised:
        message = f"laxer than the SLA's {format_percentage(promised)}"
        yield ("objectives", "availability", "target"), message


def _scaling(platform: Platform) -> Iterator[Finding]:
    scaling = platform.autoscaling
    if scaling.min_replicas > scaling.max_replicas:
        message = f"above max_replicas {scaling.max_replicas}"
        yield ("autoscaling", "min_replicas"), message
    for index, schedule in enumerate(scaling.schedules):
        if schedule.replicas > scaling.max_replicas:
            yield (
                ("autoscaling", "schedules", index, "replicas"),
                f"above max_replicas {scaling.max_replicas}",
            )
    if amount(platform.server.requests.cpu) > _LARGEST_CPU:
        yield (
            ("server", "requests", "cpu"),
            "more CPU than a node has: did you mean m (thousandths)?",
        )


def _drill(platform: Platform) -> Iterator[Finding]:
    drill = platform.drills.failover
    least = drill.steady + platform.objectives.recovery.rto + platform.objectives.recovery.settle
    if drill.timeout < least:
        yield (
            ("drills", "failover", "timeout"),
            f"ends before a recovery is seen: {format_duration(least)} at least",
        )


def _environments(platform: Platform) -> Iterator[Finding]:
    default = platform.default_environment
    found = platform.environments.get(default)
    if found is None:
        yield ("default_environment",), f"`{default}` is not among environments"
    elif found.kind == "prod":
        message = "production is never the default: name it with --env each time"
        yield ("default_environment",), message


_RULES: tuple[Callable[[Platform], Iterator[Finding]], ...] = (
    _unique,
    _keepers,
    _witness,
    _zones,
    _weights,
    _names,
    _recovery,
    _latency,
    _availability,
    _scaling,
    _drill,
    _environments,
)
