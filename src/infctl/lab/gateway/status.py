"""What is written back to Gateways and HTTPRoutes: conditions, with the time they last turned."""

from datetime import UTC, datetime

from infctl.lab.gateway.objects import CONTROLLER, Object


def gateway_patch(item: Object, wanted: Object, now: datetime) -> Object | None:
    """The merge patch that makes a Gateway's status as wanted, or None if it is."""
    present = item.get("status") or {}
    made = {**wanted, "conditions": _timed(wanted["conditions"], present, now)}
    before: dict[str, Object] = {entry["name"]: entry for entry in present.get("listeners") or []}
    made["listeners"] = [
        {**entry, "conditions": _timed(entry["conditions"], before.get(entry["name"], {}), now)}
        for entry in wanted["listeners"]
    ]
    same = all(present.get(field) == value for field, value in made.items())
    return None if same else {"status": made}


def route_patch(item: Object, wanted: list[Object], now: datetime) -> Object | None:
    """The same for an HTTPRoute; what other controllers said of it is kept."""
    present = (item.get("status") or {}).get("parents") or []
    others = [entry for entry in present if entry.get("controllerName") != CONTROLLER]
    ours = [entry for entry in present if entry.get("controllerName") == CONTROLLER]
    made = []
    for entry in wanted:
        before: Object = next((o for o in ours if o["parentRef"] == entry["parentRef"]), {})
        made.append({**entry, "conditions": _timed(entry["conditions"], before, now)})
    return None if present == others + made else {"status": {"parents": others + made}}


def _timed(wanted: list[Object], holder: Object, now: datetime) -> list[Object]:
    before: dict[str, Object] = {c["type"]: c for c in holder.get("conditions") or []}
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [_time(entry, before.get(entry["type"], {}), stamp) for entry in wanted]


def _time(entry: Object, before: Object, stamp: str) -> Object:
    kept = before.get("lastTransitionTime") if before.get("status") == entry["status"] else None
    return {**entry, "lastTransitionTime": kept or stamp}
