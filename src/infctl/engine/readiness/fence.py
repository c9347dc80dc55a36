"""fence and lock: the clusters check fences themselves, and a majority of the lock answers."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed


def fence(found: Examination) -> list[Finding]:
    """Each cluster has the newest fence, and the policies that hold every write against it."""
    findings = []
    for region, missing in found.missing.items():
        if missing.value is None:
            findings.append(blind(region, "infctl status", missing.reason))
        elif missing.value:
            names = (f"there is no {name}" for name in missing.value)
            findings.append(failed(region, "infctl deploy apply", *names))
        else:
            findings.append(passed(region, "fence and policies are there"))
    return findings or [blind("", "infctl status", "no cluster was read")]


def lock(found: Examination) -> list[Finding]:
    """A majority of the lock's places answers, and all of them do."""
    if not found.places:
        return [blind("", "infctl locks list", "the lock has no place")]
    silent = [f"{place}: {why}" for place, why in found.places.items() if why]
    if silent:
        answering = len(found.places) - len(silent)
        sentence = f"{answering} of {len(found.places)} places of the lock answer"
        return [failed("", "infctl locks list", sentence, *silent)]
    return [passed("", f"{len(found.places)} places of the lock answer")]
