"""Route 53 behind the port `NameService`."""

import uuid
from typing import Any

from infctl.clients.aws import Account, CloudRefusal, Service
from infctl.clients.route53_reading import (
    NAME,
    ZONE,
    read_checks,
    read_observations,
    read_records,
    record_set,
    tag_names,
)
from infctl.errors import Conflict, InfctlError
from infctl.ports.cloud import CloudState, HealthCheck, Observation, Record

_TAGS_AT_ONCE = 10
_FIXED = frozenset({"Type", "RequestInterval", "MeasureLatency"})
"""What UpdateHealthCheck does not take. Source: Route 53's API reference."""
_GONE = frozenset({"NoSuchHealthCheck"})
_NOT_AS_SAID = "InvalidChangeBatch"


class Route53Names:
    """The hosted zone's records and our health checks, which tags mark as ours."""

    def __init__(self, account: Account) -> None:
        self._service = Service("route53", account, "Route 53")

    async def read(self, zone: str) -> CloudState:
        """The zone with its records, and our health checks."""
        return await self._service.call(lambda client: _read(client, zone))

    async def ensure_zone(self, zone: str) -> str:
        """The hosted zone's id, created where missing."""

        def ensure(client: Any) -> str:
            found = _find_zone(client, zone)
            if found:
                return found
            made = client.create_hosted_zone(Name=zone, CallerReference=uuid.uuid4().hex)
            return str(made["HostedZone"]["Id"])

        return await self._service.call(ensure)

    async def ensure_health_check(self, zone: str, check: HealthCheck) -> str:
        """The check's id, created or updated; children are looked up by name."""
        return await self._service.call(lambda client: _ensure_check(client, zone, check))

    async def delete_health_check(self, check_id: str) -> None:
        """Delete a check; a missing one is no error."""
        try:
            await self._service.call(lambda r53: r53.delete_health_check(HealthCheckId=check_id))
        except CloudRefusal as error:
            if error.code not in _GONE:
                raise

    async def upsert_record(self, zone_id: str, record: Record) -> None:
        """Create or replace one record set."""
        changes = [("UPSERT", record)]
        await self._service.call(lambda client: _change(client, zone_id, changes))

    async def replace_record(self, zone_id: str, before: Record, after: Record) -> None:
        """Put one record set in the place of another, if that is still there as it was read.

        Of a batch all is done or nothing, and only what is named to the last value is deleted.
        """
        changes = [("DELETE", before), ("CREATE", after)]
        try:
            await self._service.call(lambda client: _change(client, zone_id, changes))
        except CloudRefusal as error:
            if error.code != _NOT_AS_SAID:
                raise
            raise Conflict(error.what, unchanged="the record") from error

    async def delete_record(self, zone_id: str, record: Record) -> None:
        """Delete one record set; a missing one is no error."""
        try:
            changes = [("DELETE", record)]
            await self._service.call(lambda client: _change(client, zone_id, changes))
        except CloudRefusal as error:
            if "not found" not in error.what:
                raise

    async def observations(self, check_id: str) -> list[Observation]:
        """GetHealthCheckStatus: every checker's last word."""

        def ask(client: Any) -> list[Observation]:
            found = client.get_health_check_status(HealthCheckId=check_id)
            return read_observations(found["HealthCheckObservations"])

        return await self._service.call(ask)

    async def warm(self) -> None:
        """Make the SDK's client now."""
        await self._service.warm()

    def close(self) -> None:
        """Give back the connections."""
        self._service.close()


def _find_zone(client: Any, zone: str) -> str:
    found = client.list_hosted_zones_by_name(DNSName=zone, MaxItems="10")["HostedZones"]
    for entry in found:
        private = entry.get("Config", {}).get("PrivateZone", False)
        if entry["Name"].rstrip(".") == zone and not private:
            return str(entry["Id"])
    return ""


def _read(client: Any, zone: str) -> CloudState:
    zone_id = _find_zone(client, zone)
    checks = _pages(client, "list_health_checks", "HealthChecks")
    names = _names(client, [c["Id"] for c in checks], zone)
    sets = _records(client, zone_id) if zone_id else []
    return CloudState(
        zone_id=zone_id,
        records=read_records(sets, names),
        health_checks=read_checks(checks, names),
    )


def _pages(client: Any, verb: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator(verb).paginate(**arguments)
    return [entry for page in pages for entry in page[key]]


def _records(client: Any, zone_id: str) -> list[dict[str, Any]]:
    key = "ResourceRecordSets"
    return _pages(client, "list_resource_record_sets", key, HostedZoneId=zone_id)


def _names(client: Any, ids: list[str], zone: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), _TAGS_AT_ONCE):
        some = ids[start : start + _TAGS_AT_ONCE]
        answer = client.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=some)
        found |= tag_names(answer["ResourceTagSets"], zone)
    return found


def _ids(client: Any, zone: str) -> dict[str, str]:
    checks = _pages(client, "list_health_checks", "HealthChecks")
    names = _names(client, [c["Id"] for c in checks], zone)
    return {name: check_id for check_id, name in names.items()}


def _ensure_check(client: Any, zone: str, check: HealthCheck) -> str:
    ids = _ids(client, zone)
    config = dict(check.config)
    if config.get("ChildHealthChecks"):
        missing = [name for name in config["ChildHealthChecks"] if name not in ids]
        if missing:
            raise InfctlError(f"Route 53 has no health check {', '.join(missing)}")
        config["ChildHealthChecks"] = [ids[name] for name in config["ChildHealthChecks"]]
    if check.name in ids:
        changes = {k: v for k, v in config.items() if k not in _FIXED}
        client.update_health_check(HealthCheckId=ids[check.name], **changes)
        return ids[check.name]
    return _create_check(client, zone, check.name, config)


def _create_check(client: Any, zone: str, name: str, config: dict[str, Any]) -> str:
    made = client.create_health_check(CallerReference=uuid.uuid4().hex, HealthCheckConfig=config)
    check_id = str(made["HealthCheck"]["Id"])
    tags = [{"Key": NAME, "Value": name}, {"Key": ZONE, "Value": zone}]
    try:
        client.change_tags_for_resource(
            ResourceType="healthcheck", ResourceId=check_id, AddTags=tags
        )
    except Exception:
        # Without its tags nobody would ever find it again.
        client.delete_health_check(HealthCheckId=check_id)
        raise
    return check_id


def _change(client: Any, zone_id: str, changes: list[tuple[str, Record]]) -> None:
    """Make all changes in one batch."""
    ids: dict[str, str] = {}
    if any(record.health_check for _, record in changes):
        zone = client.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"].rstrip(".")
        ids = _ids(client, zone)
    batch = []
    for action, record in changes:
        check = record.health_check
        if check and check not in ids and action != "DELETE":
            raise InfctlError(f"Route 53 has no health check {check}")
        wanted = record_set(record, ids.get(check, ""))
        batch.append({"Action": action, "ResourceRecordSet": wanted})
    client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": batch})
