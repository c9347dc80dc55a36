"""Gathers what a failover drill is judged by, from the run's folder and its journal."""

import json
from pathlib import Path
from typing import Any

from infctl.content.load_log import LogReader
from infctl.executor import recorder
from infctl.judge.evidence import Evidence, Terms
from infctl.model.run import RunView
from infctl.platform import Platform
from infctl.ports.cloud import Observation

_ENDS = ("heal", "switch-on")


def gather(folder: Path, platform: Platform, view: RunView) -> Evidence | None:
    """The evidence around the drill's fault, or None where there was no fault."""
    parameters: Any = view.plan.parameters if view.plan is not None else {}
    fault_at = _fault_at(view, str(parameters.get("fault_step", "")))
    if fault_at is None:
        return None
    log = LogReader(folder / parameters["log"])
    rows = recorder.read_lines(folder / recorder.OBSERVATIONS)
    return Evidence(
        fault_at=fault_at,
        requests=log.requests(),
        lost=frozenset({str(parameters["address"])}),
        terms=terms_of(platform, str(parameters["mode"])),
        resolutions=log.resolutions(),
        observations=[(str(row["check"]), _observation(row)) for row in rows],
        inverted=_inverted(folder),
        answers=[
            (float(row["at"]), tuple(row["addresses"]))
            for row in recorder.read_lines(folder / recorder.ANSWERS)
        ],
        host=[
            (float(row["at"]), float(row["busy"]))
            for row in recorder.read_lines(folder / recorder.HOST)
        ],
        until=_until(view),
    )


def terms_of(platform: Platform, mode: str) -> Terms:
    """What was promised: the switch's checks decide where we move traffic ourselves."""
    traffic, objectives = platform.traffic, platform.objectives
    check = traffic.switch if mode == "operated" else traffic.health_check
    return Terms(
        ttl=traffic.ttl,
        interval=check.interval,
        threshold=check.failure_threshold,
        timeout=traffic.timeout,
        ceiling=objectives.latency.ceiling,
        settle=objectives.recovery.settle,
        objective=objectives.recovery.rto,
        availability=objectives.availability.target,
    )


def _fault_at(view: RunView, step_id: str) -> float | None:
    """The moment of the fault, or of the decision to switch off."""
    found = next((s for s in view.steps if s.id == step_id and s.attempt), None)
    if found is None:
        return None
    is_fault = view.plan is not None and view.plan.step(step_id).operation.kind == "inject_fault"
    if is_fault and isinstance(found.result, dict) and "at" in found.result:
        return float(found.result["at"])
    return found.started


def _until(view: RunView) -> float:
    moments = [s.started for s in view.steps if s.id in _ENDS and s.started is not None]
    return min(moments, default=float("inf"))


def _inverted(folder: Path) -> frozenset[str]:
    try:
        configs = json.loads((folder / recorder.CHECKS).read_text())
    except (OSError, ValueError):
        return frozenset()
    return frozenset(name for name, config in configs.items() if config.get("Inverted"))


def _observation(row: dict[str, Any]) -> Observation:
    return Observation(
        str(row["checker"]), bool(row["healthy"]), float(row["at"]), str(row["status"])
    )
