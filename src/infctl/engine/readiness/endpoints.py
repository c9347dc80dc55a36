"""endpoints and credentials: every server answers, and knows who we are."""

from infctl.engine.readiness.examination import Examination, Finding, blind, failed, passed


def endpoints(found: Examination) -> list[Finding]:
    """Every server that a recovery needs answers in time."""
    return [
        passed(a.place, f"{a.endpoint} answers")
        if not a.reason or a.is_refusal
        else failed(a.place, "infctl status", f"{a.endpoint}: {a.reason}")
        for a in found.answers
    ] or [blind("", "infctl status", "no endpoint was asked")]


def credentials(found: Examination) -> list[Finding]:
    """No server refuses who we are."""
    return [
        failed(a.place, "renew the credentials", f"{a.endpoint}: {a.reason}")
        if a.is_refusal
        else blind(a.place, "infctl status", f"{a.endpoint} does not say")
        if a.reason
        else passed(a.place, f"{a.endpoint} knows us")
        for a in found.answers
    ] or [blind("", "infctl status", "no endpoint was asked")]
