"""clock, disk and secrets: this machine keeps time, runs and credentials as it should."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed

MOST_SKEW = 2.0
"""Seconds: more than that, and times of different places cannot be compared."""
LEAST_FREE = 256 * 1024 * 1024
"""Bytes for journals and reports; nothing is done without intent on disk."""
OLDEST = 90 * 86_400.0
"""Seconds after which credentials in a file count as stale."""


def clock(found: Examination) -> list[Finding]:
    """Each region's clock agrees with ours."""
    findings = []
    for region, ahead in found.clocks.items():
        if ahead.value is None:
            findings.append(blind(region, "infctl status", ahead.reason))
        elif abs(ahead.value) > MOST_SKEW:
            sentence = f"its clock is {ahead.value:+.1f} s from ours, at most {MOST_SKEW:g} s"
            findings.append(failed(region, "timedatectl; chronyc tracking", sentence))
        else:
            findings.append(passed(region, f"{ahead.value:+.1f} s from ours"))
    return findings or [blind("", "infctl status", "no clock was read")]


def disk(found: Examination) -> list[Finding]:
    """Where runs are kept there is room, it is ours alone, and it outlives a restart."""
    kept = found.disk
    findings = [failed("", hint, problem) for problem, hint in kept.problems]
    sentence = f"{kept.free // 2**20} MiB are free in {kept.folder}"
    if kept.free < LEAST_FREE:
        hint = f"df -h {kept.folder}"
        findings.append(failed("", hint, f"{sentence}, at least {LEAST_FREE // 2**20}"))
    return findings or [passed("", sentence)]


def secrets(found: Examination) -> list[Finding]:
    """Files with credentials are ours alone, and were renewed within 90 days."""
    findings = []
    for file in found.files:
        if file.mode & 0o077:
            sentence = f"{file.path} can be used by others (mode {file.mode & 0o777:04o})"
            findings.append(failed("", f"chmod 600 {file.path}", sentence))
        if file.age > OLDEST:
            sentence = f"{file.path} is {file.age / 86_400:.0f} days old"
            findings.append(failed("", "renew the credentials in it", sentence))
    if not found.files:
        return [blind("", "infctl config view", "no file with credentials was found")]
    return findings or [passed("", f"{len(found.files)} files, ours alone and young enough")]
