"""What came out of a run: computed here, since the viewer may be gone by then."""

import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from infctl.errors import Exit
from infctl.executor.evidence import gather
from infctl.executor.order import Order
from infctl.executor.reporting import leave_report
from infctl.judge.evidence import Evidence, Recovery
from infctl.judge.recovery import judge_recovery
from infctl.model.run import RunState, RunView
from infctl.platform import Platform

_log = logging.getLogger(__name__)
_CODES = {
    RunState.COMPLETED: Exit.DONE,
    RunState.COMPLETED_WITH_EXCEPTIONS: Exit.MEASURED_BAD,
    RunState.ROLLED_BACK: Exit.FAILED,
    RunState.CANCELLED: Exit.FAILED,
    RunState.FAILED: Exit.FAILED,
    RunState.TIMED_OUT: Exit.TIMEOUT,
}
_WORDS = {
    "passed": Exit.DONE,
    "failed": Exit.MEASURED_BAD,
    "inconclusive": Exit.UNDECIDED,
    "errored": Exit.UNDECIDED,
}


def conclude(
    folder: Path,
    order: Order,
    platform: Platform,
    view: RunView,
    state: RunState,
    reason: str,
    ended: float,
) -> dict[str, Any]:
    """The result for the run's last record, its report written. Never raises."""
    view = replace(view, state=state, reason=reason, ended=ended)
    evidence: Evidence | None = None
    recovery: Recovery | None = None
    result: dict[str, Any] = {}
    try:
        if "drill" in order.plan.parameters:
            evidence = gather(folder, platform, view)
            recovery = None if evidence is None else judge_recovery(evidence)
            result = _unless_cut_short(drill_result(order, recovery), state)
    except Exception as error:
        _log.exception("the result")
        result = _errored(f"the result could not be computed: {type(error).__name__}")
    try:
        return {**result, **leave_report(folder, order, view, result, recovery, evidence)}
    except Exception as error:
        _log.exception("the report")
        summary = [*result.get("summary", ()), f"no report: {type(error).__name__}"]
        return {**result, "summary": summary}


def drill_result(order: Order, recovery: Recovery | None) -> dict[str, Any]:
    """A drill's result as JSON, with the lines that people read. Pure."""
    if recovery is None:
        return _errored("there was no fault, so nothing was measured")
    moments = {k: v for k, v in asdict(recovery.moments).items() if v is not None}
    parts = None if recovery.parts is None else asdict(recovery.parts)
    return {
        "outcome": recovery.outcome.word.value,
        "evidence": list(recovery.outcome.evidence),
        "recovery": {
            "rto": recovery.rto,
            "parts": parts,
            "floor": recovery.floor,
            "bound": recovery.bound,
            "ratio": recovery.ratio,
            "requests": recovery.requests,
            "failed": recovery.failed,
            "budget_burnt": recovery.budget_burnt,
            "p50": recovery.p50,
            "p99": recovery.p99,
            "host_mean": recovery.host_mean,
            "host_peak": recovery.host_peak,
            "shares": dict(recovery.shares),
            "moments": moments,
        },
        "summary": summary_lines(order, recovery),
    }


def _unless_cut_short(result: dict[str, Any], state: RunState) -> dict[str, Any]:
    """A drill that did not run to its end decides nothing, whatever its figures look like."""
    if state in (RunState.COMPLETED, RunState.COMPLETED_WITH_EXCEPTIONS):
        return result
    sentence = f"the drill did not run to its end: {state}"
    was_measured = (result.get("recovery") or {}).get("rto") is not None
    rest = [line for line in result["summary"] if was_measured and line[:8] != "outcome:"]
    summary = [f"outcome: errored ({sentence})", *rest]
    return {**result, "outcome": "errored", "evidence": [sentence], "summary": summary}


def summary_lines(order: Order, recovery: Recovery) -> list[str]:
    """The recovery in lines for people. Pure."""
    parameters = order.plan.parameters
    settings = parameters["route53"]
    is_operated = parameters["mode"] == "operated"
    interval = settings["switch_interval" if is_operated else "interval"]
    threshold = settings["switch_failure_threshold" if is_operated else "failure_threshold"]
    lines = [f"outcome: {recovery.outcome.word.value} ({'; '.join(recovery.outcome.evidence)})"]
    parts = recovery.parts
    if parts is not None:
        lines.append(
            f"RTO {_seconds(recovery.rto)} = detection {parts.detection:.1f}"
            f" + decision {parts.decision:.1f} + propagation {parts.propagation:.1f}"
            f" + client drain {parts.client_drain:.1f}"
        )
    ratio = "-" if recovery.ratio is None else f"{recovery.ratio:.2f}"
    lines += [
        f"floor {_seconds(recovery.floor)}, RTO over floor {ratio}; bound"
        f" {parameters['bound_text']}; objective {parameters['objective']:g} s",
        f"Route 53: interval {interval:g} s, threshold {threshold}, TTL {settings['ttl']:g} s",
        f"requests {recovery.requests}, failed {recovery.failed};"
        f" error budget burnt {_times(recovery.budget_burnt)}; p50 {_milliseconds(recovery.p50)},"
        f" p99 {_milliseconds(recovery.p99)} during",
        f"this machine's CPU: {_share(recovery.host_mean)} in the mean,"
        f" never below {_share(recovery.host_peak)} in its busiest 5 s",
    ]
    return lines


def exit_code(state: RunState, result: dict[str, Any]) -> int:
    """The exit code of whoever attends: how the run ended, then what a drill measured."""
    code = _CODES.get(state, Exit.FAILED)
    if code == Exit.DONE and "outcome" in result:
        return int(_WORDS[result["outcome"]])
    return int(code)


def _errored(sentence: str) -> dict[str, Any]:
    return {
        "outcome": "errored",
        "evidence": [sentence],
        "summary": [f"outcome: errored ({sentence})"],
    }


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value * 1000:.0f} ms"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}x"
