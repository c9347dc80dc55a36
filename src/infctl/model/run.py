"""What a run is now: a pure fold over its journal, for engine, console and command line alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from infctl.model.changing import changed
from infctl.model.journal import Kind, Record
from infctl.model.plan import Plan, from_json
from infctl.model.typed import check_end, lines, text


class RunState(StrEnum):
    """The words on disk for a run."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED_BY_FAILED_STEP = "paused_by_failed_step"
    PAUSED_BY_OPERATOR = "paused_by_operator"
    PAUSED_BY_CONFLICT = "paused_by_conflict"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    IN_DOUBT = "in_doubt"
    COMPLETED = "completed"
    COMPLETED_WITH_EXCEPTIONS = "completed_with_exceptions"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


ENDED = frozenset(
    {
        RunState.COMPLETED,
        RunState.COMPLETED_WITH_EXCEPTIONS,
        RunState.ROLLED_BACK,
        RunState.CANCELLED,
        RunState.FAILED,
        RunState.TIMED_OUT,
    }
)
PAUSED = frozenset(
    {
        RunState.PAUSED_BY_FAILED_STEP,
        RunState.PAUSED_BY_OPERATOR,
        RunState.PAUSED_BY_CONFLICT,
        RunState.WAITING_FOR_APPROVAL,
    }
)


class StepState(StrEnum):
    """What is known of a step; unknown: there was an intent, the effect was not read back."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    UNDONE = "undone"


ASKING = frozenset({"ask", "approve"})
"""The kinds of operations that wait for people."""
SETTLED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.FAILED, StepState.UNDONE})


@dataclass(frozen=True)
class StepView:
    """A step as the journal tells it.

    `started` and `ended` are seconds since the epoch, `duration` seconds by the clock that counts
    suspend; `intent` is the number of the record before the act; `undo` an operation as JSON.
    `sent`: an act went out in this or an earlier attempt; `conflict`: the object was another one
    than was read.
    """

    id: str
    state: StepState = StepState.WAITING
    attempt: int = 0
    started: float | None = None
    ended: float | None = None
    duration: float | None = None
    since_boot: float = 0.0
    intent: int = 0
    before: Any = None
    result: Any = None
    undo: Any = None
    evidence: tuple[str, ...] = ()
    sent: bool = False
    conflict: bool = False


@dataclass(frozen=True)
class RunView:
    """A run as the journal tells it.

    `course` is where it goes: forward, undo (taking back what was done) or stop (only what must
    always run); `turned` says why it goes back or stops. `result` is what its last record holds,
    None until then. `answers` are what people answered to steps that asked, `fence` the newest
    lease's number; `notes` are what the executor has to say of the run as a whole; `may_ask` is
    whether a step of the plan waits for people.
    """

    run: str = ""
    plan: Plan | None = None
    plan_digest: str = ""
    state: RunState = RunState.PENDING
    steps: tuple[StepView, ...] = ()
    started: float = 0.0
    ended: float | None = None
    updated: float = 0.0
    actor: str = ""
    reason: str = ""
    course: str = "forward"
    turned: str = ""
    holder: Any = None
    result: Any = None
    seq: int = 0
    head: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    fence: int = 0
    notes: tuple[str, ...] = ()
    may_ask: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    def step(self, step_id: str) -> StepView:
        """The step of that id; KeyError if there is none."""
        at = self.position(step_id)
        if at is None or at >= len(self.steps):
            raise KeyError(step_id)
        return self.steps[at]

    def position(self, step_id: str | None) -> int | None:
        """Where a step stands among the steps; None if there is no such step."""
        if self.plan is not None:
            return self.plan.positions.get(step_id or "")
        return next((at for at, step in enumerate(self.steps) if step.id == step_id), None)


def fold(records: Iterable[Record], view: RunView | None = None) -> RunView:
    """The state after `records`, starting from nothing or from an earlier view."""
    view = view or RunView()
    for record in records:
        view = _advance(view, record)
    return view


Changes = dict[str, Any]
"""The fields of a view that a record sets: all of them are set in one go."""


def _advance(view: RunView, record: Record) -> RunView:
    # A kind that a later release appended changes nothing for this one.
    change = _CHANGES.get(record.kind)
    changes = {} if change is None else change(view, record)
    changes.update(seq=record.seq, head=record.digest, updated=record.at)
    after = changed(view, changes)
    return after if change is None else _waiting(after)


def _waiting(view: RunView) -> RunView:
    """While a step asks people, the run waits for them; other steps may go on meanwhile."""
    if view.state not in (RunState.RUNNING, RunState.WAITING_FOR_APPROVAL) or view.plan is None:
        return view
    if not view.may_ask:
        return view
    asks = any(
        seen.state is StepState.RUNNING and step.operation.kind in ASKING
        for step, seen in zip(view.plan.steps, view.steps, strict=True)
    )
    state = RunState.WAITING_FOR_APPROVAL if asks else RunState.RUNNING
    return view if state is view.state else changed(view, Changes(state=state))


def _on_plan(view: RunView, record: Record) -> Changes:
    del view
    plan = from_json(record.args)
    return Changes(
        run=record.run,
        plan=plan,
        plan_digest=record.plan_digest,
        steps=tuple(StepView(step.id) for step in plan.steps),
        may_ask=any(step.operation.kind in ASKING for step in plan.steps),
        started=record.at,
        actor=record.actor,
    )


def _on_lease(view: RunView, record: Record) -> Changes:
    # A new holder found a step in the middle: what became of it is not known.
    steps = tuple(
        changed(s, Changes(state=StepState.UNKNOWN, evidence=(_INTERRUPTED,)))
        if s.state is StepState.RUNNING
        else s
        for s in view.steps
    )
    return Changes(
        holder=record.args,
        steps=steps,
        state=RunState.RUNNING,
        reason="",
        fence=record.fence,
    )


def _on_intent(view: RunView, record: Record) -> Changes:
    return _with_step(
        view,
        record,
        state=StepState.RUNNING,
        attempt=record.attempt,
        started=record.at,
        since_boot=record.boottime,
        intent=record.seq,
        ended=None,
        duration=None,
        before=record.before,
        undo=record.undo,
        result=None,
        evidence=(),
        conflict=False,
    )


def _on_observed(view: RunView, record: Record) -> Changes:
    if record.step is not None:
        return Changes()
    return Changes(notes=(*view.notes, *_evidence(record)))


def _on_sent(view: RunView, record: Record) -> Changes:
    return _with_step(view, record, result=record.result, sent=True)


def _settle(state: StepState) -> Callable[[RunView, Record], Changes]:
    def change(view: RunView, record: Record) -> Changes:
        step = view.step(record.step or "")
        duration = None if step.started is None else max(0.0, record.boottime - step.since_boot)
        return _with_step(
            view,
            record,
            state=state,
            # A step can fail before its intent: that was an attempt as well.
            attempt=max(step.attempt, record.attempt),
            ended=record.at,
            duration=duration,
            evidence=_evidence(record),
            sent=step.sent or state is StepState.UNKNOWN,
            conflict=isinstance(record.result, dict) and bool(record.result.get("conflict")),
        )

    return change


def _on_failed(view: RunView, record: Record) -> Changes:
    if record.step is None:
        return Changes(reason="; ".join(_evidence(record)))
    return _settle(StepState.FAILED)(view, record)


def _on_skip(view: RunView, record: Record) -> Changes:
    return _with_step(view, record, state=StepState.SKIPPED, evidence=_evidence(record))


def _on_undo_done(view: RunView, record: Record) -> Changes:
    return _with_step(view, record, state=StepState.UNDONE, evidence=_evidence(record))


def _on_pause(view: RunView, record: Record) -> Changes:
    del view
    reason = text(record.args.get("reason", ""))
    return Changes(state=RunState(record.args["state"]), reason=reason)


def _on_resume(view: RunView, record: Record) -> Changes:
    running = Changes(state=RunState.RUNNING, reason="")
    decision = record.args.get("decision", "")
    if decision in ("undo", "stop"):
        by, reason = record.args.get("by", ""), text(record.args.get("reason", ""))
        return running | Changes(course=decision, turned=reason or f"asked by {by}")
    if decision != "retry":
        return running
    named = record.args.get("step", "")
    steps = tuple(
        changed(s, Changes(state=StepState.WAITING))
        if s.state is StepState.FAILED and named in ("", s.id)
        else s
        for s in view.steps
    )
    return running | Changes(steps=steps)


def _on_approve(view: RunView, record: Record) -> Changes:
    if record.step is None or not isinstance(record.args, dict):
        return Changes()
    answer = str(record.args.get("answer", ""))
    return Changes(answers={**view.answers, record.step: answer})


def _on_head(view: RunView, record: Record) -> Changes:
    del view
    result = record.result
    check_end(result)
    return Changes(
        state=RunState(result["state"]),
        ended=record.at,
        result=result,
        reason=text(result.get("reason", "")),
    )


def _with_step(view: RunView, record: Record, **changes: Any) -> Changes:
    # One step changes: of plans with hundreds the others are not looked at one by one.
    at = view.position(record.step)
    if at is None:
        return Changes()
    step = changed(view.steps[at], changes)
    return Changes(steps=(*view.steps[:at], step, *view.steps[at + 1 :]))


def _evidence(record: Record) -> tuple[str, ...]:
    found = lines(record.result, "evidence") if isinstance(record.result, dict) else ()
    return tuple(str(line) for line in found)


_INTERRUPTED = "its executor was gone in the middle"

_CHANGES: dict[str, Callable[[RunView, Record], Changes]] = {
    Kind.PLAN: _on_plan,
    Kind.LEASE: _on_lease,
    Kind.INTENT: _on_intent,
    Kind.SENT: _on_sent,
    Kind.OBSERVED: _on_observed,
    Kind.DONE: _settle(StepState.DONE),
    Kind.FAILED: _on_failed,
    Kind.UNKNOWN: _settle(StepState.UNKNOWN),
    Kind.SKIP: _on_skip,
    Kind.UNDO_DONE: _on_undo_done,
    Kind.PAUSE: _on_pause,
    Kind.RESUME: _on_resume,
    Kind.APPROVE: _on_approve,
    Kind.HEAD: _on_head,
}
