"""Leaves a run's report in its folder, and a copy where the command line asked for one."""

from pathlib import Path
from typing import Any

from infctl.executor.order import Order
from infctl.executor.report import RunReport, StepReport, write_report
from infctl.judge.evidence import Evidence, Recovery
from infctl.model.outcome import Outcome, Word
from infctl.model.run import RunState, RunView

FOLDER = "report"


def leave_report(
    folder: Path,
    order: Order,
    view: RunView,
    result: dict[str, Any],
    recovery: Recovery | None,
    evidence: Evidence | None,
) -> dict[str, Any]:
    """Write the files; returns where they are, as the part of the result that says so."""
    report = make_report(order, view, result, recovery, evidence)
    write_report(folder / FOLDER, report)
    shown = folder / FOLDER
    if order.report is not None:
        write_report(order.report, report)
        shown = order.report
    return {"report": str(shown)}


def make_report(
    order: Order,
    view: RunView,
    result: dict[str, Any],
    recovery: Recovery | None,
    evidence: Evidence | None,
) -> RunReport:
    """The report as data. Pure."""
    plan = order.plan
    return RunReport(
        run=order.run,
        name=plan.name,
        summary=plan.summary,
        environment=order.environment,
        plan_digest=plan.digest,
        state=str(view.state),
        outcome=outcome_of(view, result, recovery),
        started=view.started,
        ended=view.started if view.ended is None else view.ended,
        parameters={k: v for k, v in plan.parameters.items() if k != "route53"},
        settings=dict(plan.parameters.get("route53", {})),
        steps=[
            StepReport(
                step.id,
                str(step.state),
                plan.step(step.id).expectation,
                step.started,
                step.ended,
                step.evidence,
            )
            for step in view.steps
        ],
        recovery=recovery,
        requests=() if evidence is None else evidence.requests,
    )


def outcome_of(view: RunView, result: dict[str, Any], recovery: Recovery | None) -> Outcome:
    """What is reported: a drill's judgement if the run went to its end, else how it ended."""
    if view.state is not RunState.COMPLETED:
        return Outcome(Word.FAILED, (f"{view.state}: {view.reason}",))
    if recovery is not None:
        return recovery.outcome
    if "outcome" in result:
        return Outcome(Word(result["outcome"]), tuple(result["evidence"]))
    return Outcome(Word.PASSED, tuple(e for step in view.steps for e in step.evidence))
