"""What Route 53's API says, as the port's values. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from infctl.ports.cloud import HealthCheck, Observation, Record

NAME, ZONE = "Name", "infctl.dev/zone"
"""The tags of a health check of ours."""


def read_checks(
    found: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> tuple[HealthCheck, ...]:
    """Our health checks; `names` maps ids to our names, those without one are others'."""
    return tuple(
        HealthCheck(names[c["Id"]], _by_name(c["HealthCheckConfig"], names), c["Id"])
        for c in found
        if c["Id"] in names
    )


def _by_name(config: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    children = config.get("ChildHealthChecks")
    if not children:
        return dict(config)
    return {**config, "ChildHealthChecks": [names.get(child, child) for child in children]}


def read_records(
    found: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> tuple[Record, ...]:
    """The weighted records with values of their own; aliases and others are left out."""
    return tuple(
        Record(
            name=str(r["Name"]).rstrip("."),
            type=str(r["Type"]),
            set_identifier=str(r["SetIdentifier"]),
            weight=int(r["Weight"]),
            ttl=int(r["TTL"]),
            values=tuple(str(v["Value"]) for v in r["ResourceRecords"]),
            health_check=names.get(r.get("HealthCheckId", ""), ""),
        )
        for r in found
        if "Weight" in r and "TTL" in r and r.get("ResourceRecords")
    )


def read_observations(found: Iterable[Mapping[str, Any]]) -> list[Observation]:
    """Each checker's last word; a status that does not begin with Success is a failure."""
    words = []
    for entry in found:
        report = entry.get("StatusReport") or {}
        status = str(report.get("Status", ""))
        if "CheckedTime" not in report:
            continue
        words.append(
            Observation(
                checker=f"{entry.get('Region', '')}/{entry.get('IPAddress', '')}",
                healthy=status.startswith("Success"),
                at=report["CheckedTime"].timestamp(),
                status=status,
            )
        )
    return words


def record_set(record: Record, check_id: str) -> dict[str, Any]:
    """A record as Route 53 takes it."""
    found: dict[str, Any] = {
        "Name": record.name,
        "Type": record.type,
        "SetIdentifier": record.set_identifier,
        "Weight": record.weight,
        "TTL": record.ttl,
        "ResourceRecords": [{"Value": value} for value in record.values],
    }
    return {**found, "HealthCheckId": check_id} if check_id else found


def tag_names(sets: Iterable[Mapping[str, Any]], zone: str) -> dict[str, str]:
    """From ids to our names, for the checks whose tags say that they are of this zone."""
    found = {}
    for entry in sets:
        tags = {t["Key"]: t.get("Value", "") for t in entry.get("Tags", [])}
        if tags.get(ZONE) == zone and tags.get(NAME):
            found[str(entry["ResourceId"])] = tags[NAME]
    return found
