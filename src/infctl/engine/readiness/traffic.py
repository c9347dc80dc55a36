"""shifts, records, switches and standing: traffic is where it should be and can be moved."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed
from infctl.model.shift import shift_line
from infctl.platform.render import cloud_names


def shifts(found: Examination) -> list[Finding]:
    """No region is still off though its time is over, or nearly so."""
    findings = [
        blind(region, "infctl status", f"whether it is switched off is not known: {why}")
        for region, why in found.unread_shifts.items()
    ]
    for shift in found.shifts:
        line = shift_line(shift, found.now)
        is_due = shift.is_expired(found.now) or shift.expires_soon(found.now)
        findings.append(
            failed(shift.region, "infctl restore --expired", line)
            if is_due
            else passed(shift.region, line)
        )
    return findings or [passed("", "no region is switched off")]


def records(found: Examination) -> list[Finding]:
    """Each region has its record in the name service."""
    if found.facts.unread:
        return [blind("", "infctl status", f"the records were not read: {found.facts.unread}")]
    return [
        passed(region, found.facts.addresses[region])
        if region in found.facts.addresses
        else failed(region, "infctl deploy apply", "the name service has no record of it")
        for region in found.regions
    ]


def switches(found: Examination) -> list[Finding]:
    """Each region has the bucket in which it keeps the others' switches."""
    findings = []
    for region, buckets in found.buckets.items():
        wanted = cloud_names.switches_bucket(found.facts.platform, region)
        if buckets.value is None:
            findings.append(blind(region, "infctl status", buckets.reason))
        elif wanted not in buckets.value:
            findings.append(failed(region, "infctl deploy apply", f"there is no bucket {wanted}"))
        else:
            findings.append(passed(region, wanted))
    return findings or [blind("", "infctl status", "no object store was read")]


def standing(found: Examination) -> list[Finding]:
    """Nothing stands in a recovery's way: no freeze, no unfinished run."""
    findings = []
    if found.facts.frozen:
        findings.append(failed("", "infctl freeze --lift", found.facts.frozen))
    for run, sentence in found.facts.unfinished.items():
        findings.append(failed("", f"infctl runs show {run}", sentence))
    return findings or [passed("", "no freeze, no unfinished run")]
