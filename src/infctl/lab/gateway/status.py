"""What is written back to objects: conditions, with the time they last turned."""

from datetime import UTC, datetime

from infctl.lab.following import Object
from infctl.lab.gateway.objects import CONTROLLER


def whole_patch(item: Object, wanted: Object, now: datetime) -> Object | None:
    """The merge patch that makes an object's status as wanted, or None if it is."""
    present = item.get("status") or {}
    made = {**wanted, "conditions": _timed(wanted["conditions"], present, now)}
    if "listeners" in wanted:
        before: dict[str, Object] = {e["name"]: e for e in present.get("listeners") or []}
        made["listeners"] = [
            {**entry, "conditions": _timed(entry["conditions"], before.get(entry["name"], {}), now)}
            for entry in wanted["listeners"]
        ]
    same = all(present.get(field) == value for field, value in made.items())
    return None if same else {"status": made}


def shared_patch(
    item: Object, field: str, name: str, wanted: list[Object], now: datetime
) -> Object | None:
    """The same for a list to which several controllers add; what others said is kept.

    `field` is `parents` of a route or `ancestors` of a policy, `name` how an entry is told apart.
    """
    present = (item.get("status") or {}).get(field) or []
    others = [entry for entry in present if entry.get("controllerName") != CONTROLLER]
    ours = [entry for entry in present if entry.get("controllerName") == CONTROLLER]
    made = []
    for entry in wanted:
        before: Object = next((o for o in ours if o[name] == entry[name]), {})
        made.append({**entry, "conditions": _timed(entry["conditions"], before, now)})
    return None if present == others + made else {"status": {field: others + made}}


def _timed(wanted: list[Object], holder: Object, now: datetime) -> list[Object]:
    before: dict[str, Object] = {c["type"]: c for c in holder.get("conditions") or []}
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [_time(entry, before.get(entry["type"], {}), stamp) for entry in wanted]


def _time(entry: Object, before: Object, stamp: str) -> Object:
    kept = before.get("lastTransitionTime") if before.get("status") == entry["status"] else None
    return {**entry, "lastTransitionTime": kept or stamp}
