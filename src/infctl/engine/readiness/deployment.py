"""plan_hash, images and models: what runs is what the platform file says, everywhere the same."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed

_APPLY = "infctl deploy plan, then infctl deploy apply"


def plan_hash(found: Examination) -> list[Finding]:
    """Each region runs the generation that the platform file renders to."""
    findings = []
    for region in found.deployed:
        sentence = f"{region.state}: {region.found[:19] or 'nothing'}, wanted {region.wanted[:19]}"
        why = (sentence, region.reason) if region.reason else (sentence,)
        if region.state == "current":
            findings.append(passed(region.region, region.found[:19]))
        elif region.state == "unknown":
            findings.append(blind(region.region, "infctl deploy status", *why))
        else:
            findings.append(failed(region.region, _APPLY, *why))
    return findings or [blind("", "infctl deploy status", "no region was read")]


def images(found: Examination) -> list[Finding]:
    """Each pod has its image, and it is the platform file's."""
    findings = []
    for region, problems in found.images.items():
        if problems.value is None:
            findings.append(blind(region, "infctl deploy status", problems.reason))
        elif problems.value:
            findings.append(failed(region, _APPLY, *problems.value))
        else:
            findings.append(passed(region, "every pod runs the platform file's image"))
    return findings or [blind("", "infctl deploy status", "no pod was read")]


def models(found: Examination) -> list[Finding]:
    """Every region serves the platform file's models, in the same versions."""
    wanted = {(m.name, m.version, m.digest) for m in found.facts.platform.models}
    findings = []
    for region in found.facts.snapshot.regions:
        if region.models.value is None:
            findings.append(blind(region.name, "infctl deploy status", region.models.reason))
            continue
        serves = {(m.name, m.version, m.digest) for m in region.models.value}
        odd = sorted(serves ^ wanted)
        findings.append(
            failed(region.name, _APPLY, *(f"{n} {v} is not on both sides" for n, v, _ in odd))
            if odd
            else passed(region.name, f"{len(serves)} models as wanted")
        )
    return findings
