"""Route 53's change batches: all or nothing, and only the record sets that they name.

moto deletes every record set with the SetIdentifier of the one to delete, whatever its name, and
makes the changes of a batch that it then refuses.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.route53 import exceptions, models, responses, utils

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.cloud.record_changes import RecordSet, Refused, apply, identity
from infctl.lab.spec import Lab


class InvalidChangeBatch(exceptions.Route53ClientError):
    """As Route 53 names it."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidChangeBatch", message)


def install(_: Lab) -> None:
    """Replace moto's way of changing record sets."""
    wrap(models.Route53Backend, "change_resource_record_sets")(_change)
    wrap(responses.Route53, "change_resource_record_sets")(_look)


def _look(original: Any, response: Any) -> Any:
    """moto breaks down on a batch that lacks something."""
    changes = response._get_param("ChangeBatch.Changes")
    sets = [change.get("ResourceRecordSet") or {} for change in changes or () if change]
    if not sets or not all(found.get("Name") and found.get("Type") for found in sets):
        raise exceptions.InvalidInput("each change needs an Action, and a Name and a Type")
    return original(response)


def _change(_: Any, backend: Any, zone_id: str, changes: Sequence[Mapping[str, Any]]) -> None:
    zone = backend.get_hosted_zone(zone_id)
    known = {
        identity(found := _read(record_set)): (found, record_set) for record_set in zone.rrsets
    }
    before = {key: found for key, (found, _) in known.items()}
    checks = {str(found) for found in backend.health_checks}
    for change in changes:
        utils.validate_domain_name(change["ResourceRecordSet"]["Name"], code="InvalidChangeBatch")
        check = change["ResourceRecordSet"].get("HealthCheckId")
        if check and change["Action"] != "DELETE" and check not in checks:
            raise InvalidChangeBatch(f"[No health check found with ID: {check}]")
    try:
        after = apply(before, changes, zone.name)
    except Refused as error:
        raise InvalidChangeBatch(str(error)) from error
    zone.rrsets = [
        known[key][1] if found is before.get(key) else _write(found) for key, found in after.items()
    ]


def _read(record_set: Any) -> RecordSet:
    return {
        "Name": record_set.name,
        "Type": record_set.type,
        "TTL": record_set.ttl,
        "ResourceRecords": record_set.resource_records,
        "SetIdentifier": record_set.set_identifier,
        "Weight": record_set.weight,
        "Region": record_set.region,
        "HealthCheckId": record_set.health_check_id,
        "AliasTarget": record_set.alias_target,
        "Failover": record_set.failover,
        "GeoLocation": record_set.geo_location,
        "MultiValueAnswer": record_set.multi_value_answer,
    }


def _write(found: RecordSet) -> Any:
    values = [item["Value"] for item in found.get("ResourceRecords") or ()]
    name = identity(found)[0]
    record_set: Any = models.RecordSet
    return record_set({**found, "Name": name, "ResourceRecords": values})
