"""What a report is made from. All texts are from outside until `clean` has seen them."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infctl.judge.evidence import Recovery
from infctl.model.outcome import Outcome
from infctl.model.text import clean
from infctl.ports.load import RequestRecord

TEXT_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step: `state` as in the journal, times in seconds since the epoch."""

    id: str
    state: str
    expectation: str = ""
    started: float | None = None
    ended: float | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run that ended. `settings` are the name service's, printed beside the recovery time."""

    run: str
    name: str
    summary: str
    environment: str
    plan_digest: str
    state: str
    outcome: Outcome
    started: float
    ended: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[StepReport] = ()
    recovery: Recovery | None = None
    requests: Sequence[RequestRecord] = ()


def safe(value: Any) -> Any:
    """The same value with every text cleaned, as plain JSON values."""
    if isinstance(value, str):
        return clean(str(value), limit=TEXT_LIMIT)
    if isinstance(value, Mapping):
        return {safe(str(k)): safe(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [safe(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return safe(str(value))


def instant(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if seconds is None:
        return None
    text = datetime.fromtimestamp(seconds, UTC).isoformat("T", "milliseconds")
    return text.replace("+00:00", "Z")


def recovery_json(recovery: Recovery) -> dict[str, Any]:
    """A recovery as plain JSON: durations in seconds, moments as instants."""
    plain = dataclasses.asdict(recovery)
    plain["outcome"] = {
        "word": recovery.outcome.word.value,
        "evidence": list(recovery.outcome.evidence),
    }
    plain["moments"] = {k: instant(v) for k, v in plain["moments"].items()}
    plain["ratio"] = recovery.ratio
    found: dict[str, Any] = safe(plain)
    return found


def run_json(report: RunReport) -> dict[str, Any]:
    """The report's envelope, without single requests."""
    found: dict[str, Any] = safe(
        {
            "apiVersion": "infctl.dev/v1",
            "kind": "DrillReport",
            "run": report.run,
            "name": report.name,
            "summary": report.summary,
            "environment": report.environment,
            "plan_digest": report.plan_digest,
            "state": report.state,
            "outcome": {
                "word": report.outcome.word.value,
                "evidence": list(report.outcome.evidence),
            },
            "started": instant(report.started),
            "ended": instant(report.ended),
            "parameters": report.parameters,
            "settings": report.settings,
            "steps": [_step(step) for step in report.steps],
            "requests": len(report.requests),
        }
    )
    found["recovery"] = None if report.recovery is None else recovery_json(report.recovery)
    return found


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "id": step.id,
        "state": step.state,
        "expectation": step.expectation,
        "started": instant(step.started),
        "ended": instant(step.ended),
        "evidence": list(step.evidence),
    }
