"""The name service: zone, health checks and weighted records, touched only where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infctl.engine.deploy.results import Action, Change
from infctl.platform.model import Platform
from infctl.platform.render import cloud_names
from infctl.platform.render.cloud import Store, render_zone
from infctl.ports.cloud import CloudState, HealthCheck, NameService, Record

_FIXED = ("Type", "RequestInterval")
"""What UpdateHealthCheck does not take. Source: Route 53's API reference."""


@dataclass(frozen=True, slots=True)
class _Zone:
    """The name service, what it held at first, and whether it may be changed."""

    names: NameService
    name: str
    state: CloudState
    dry_run: bool


async def bring_zone(
    names: NameService,
    platform: Platform,
    gateways: Mapping[str, str],
    stores: Mapping[str, Store],
    *,
    dry_run: bool = False,
    prune: bool = True,
) -> list[Change]:
    """Bring the zone to the rendered one for the regions in `gateways` (region -> address).

    A region of the platform that is not in `gateways` keeps what it has; `prune` removes what
    belongs to regions that are no longer in the platform.
    """
    wanted = render_zone(platform, gateways, stores)
    state = await names.read(wanted.name)
    changes = [_change(f"zone/{wanted.name}", state.zone_id or None, state.zone_id)]
    if not state.zone_id and not dry_run:
        state = replace(state, zone_id=await names.ensure_zone(wanted.name))
    zone = _Zone(names, wanted.name, state, dry_run)
    changes += [await _bring_check(zone, check) for check in wanted.checks]
    changes += [await _bring_record(zone, record) for record in wanted.records]
    if prune:
        changes += await _prune(zone, platform)
    return changes


async def _bring_check(zone: _Zone, wanted: HealthCheck) -> Change:
    found = next((c for c in zone.state.health_checks if c.name == wanted.name), None)
    known = None if found is None else {k: found.config.get(k) for k in wanted.config}
    fixed = [k for k in _FIXED if known is not None and known.get(k) != wanted.config.get(k)]
    if fixed:
        detail = f"Route 53 cannot change {' and '.join(fixed)} of a health check: delete it first"
        return Change(f"health-check/{wanted.name}", Action.FAILED, detail)
    change = _change(f"health-check/{wanted.name}", known, dict(wanted.config))
    if change.action is not Action.UNCHANGED and not zone.dry_run:
        await zone.names.ensure_health_check(zone.name, wanted)
    return change


async def _bring_record(zone: _Zone, wanted: Record) -> Change:
    found = next((r for r in zone.state.records if _identity(r) == _identity(wanted)), None)
    wanted, detail = keep_evacuated(found, wanted)
    change = _change(f"record/{wanted.set_identifier}.{wanted.name}", found, wanted, detail)
    if change.action is not Action.UNCHANGED and not zone.dry_run:
        await zone.names.upsert_record(zone.state.zone_id, wanted)
    return change


def keep_evacuated(found: Record | None, wanted: Record) -> tuple[Record, str]:
    """A region whose weight was taken to 0 is not filled again by a deployment."""
    if found is None or found.weight != 0 or wanted.weight == 0:
        return wanted, ""
    return replace(wanted, weight=0), "its weight stays 0, as routing left it"


async def _prune(zone: _Zone, platform: Platform) -> list[Change]:
    """Remove the records and checks of regions that the platform no longer names.

    Records go before their checks, calculated checks before their children.
    """
    changes = []
    for record in zone.state.records:
        ours = _identity(record)[:2] == (platform.service.host, "A")
        if ours and record.set_identifier not in platform.region_names:
            if not zone.dry_run:
                await zone.names.delete_record(zone.state.zone_id, record)
            changes.append(Change(f"record/{record.set_identifier}.{record.name}", Action.PRUNED))
    for check in _superfluous(zone.state, platform):
        if not zone.dry_run:
            await zone.names.delete_health_check(check.id)
        changes.append(Change(f"health-check/{check.name}", Action.PRUNED))
    return changes


def _superfluous(state: CloudState, platform: Platform) -> list[HealthCheck]:
    wanted = set()
    for region in platform.region_names:
        wanted.add(cloud_names.check_name(platform, region))
        wanted.add(cloud_names.endpoint_check_name(platform, region))
        for keeper in platform.keepers(region):
            wanted.add(cloud_names.switch_check_name(platform, region, keeper))
    prefix = f"{platform.service.name}-"
    found = [c for c in state.health_checks if c.name.startswith(prefix) and c.name not in wanted]
    return sorted(found, key=lambda check: check.config.get("Type") != "CALCULATED")


def _identity(record: Record) -> tuple[str, str, str]:
    return record.name.rstrip("."), record.type, record.set_identifier


def _change(what: str, found: Any, wanted: Any, detail: str = "") -> Change:
    if found is None:
        return Change(what, Action.CREATED, detail)
    before, after = _fields(found), _fields(wanted)
    differing = [_difference(key, before.get(key), after[key]) for key in after]
    told = [text for text in (*differing, detail) if text]
    same = not any(differing)
    return Change(what, Action.UNCHANGED if same else Action.CHANGED, "; ".join(told))


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, Record):
        values = {"weight": value.weight, "ttl": value.ttl, "values": list(value.values)}
        return {**values, "health check": value.health_check}
    if isinstance(value, dict):
        return {k: sorted(v) if isinstance(v, list) else v for k, v in value.items()}
    return {"": value}


def _difference(key: str, before: Any, after: Any) -> str:
    """How one field changes, empty if it does not: `ttl 20 -> 10`."""
    if before == after:
        return ""
    shown = [", ".join(v) if isinstance(v, list) else v for v in (before, after)]
    return f"{key} {shown[0]} -> {shown[1]}"
