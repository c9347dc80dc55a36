"""Rules of the journal, asked at each record: the words follow one another as they must."""

from typing import TYPE_CHECKING

from infctl.engine.operations import find
from infctl.model.journal import Kind, Record
from infctl.model.run import ENDED, RunState, RunView, StepState
from infctl.simulator.effects import holds, places
from infctl.simulator.trace import Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

_LOOK = 0.5
"""Seconds between the answer to a look at the world and the intent that follows from it."""
_NEXT: dict[StepState, frozenset[StepState]] = {
    StepState.WAITING: frozenset(
        {StepState.RUNNING, StepState.FAILED, StepState.SKIPPED, StepState.UNKNOWN}
    ),
    StepState.RUNNING: frozenset(
        {StepState.DONE, StepState.FAILED, StepState.UNKNOWN, StepState.UNDONE, StepState.SKIPPED}
    ),
    StepState.DONE: frozenset({StepState.UNDONE}),
    StepState.FAILED: frozenset(
        {
            StepState.WAITING,
            StepState.RUNNING,
            StepState.FAILED,
            StepState.SKIPPED,
            StepState.UNDONE,
        }
    ),
    StepState.UNKNOWN: frozenset(
        {
            StepState.RUNNING,
            StepState.DONE,
            StepState.FAILED,
            StepState.SKIPPED,
            StepState.UNDONE,
        }
    ),
    StepState.SKIPPED: frozenset({StepState.UNDONE}),
    StepState.UNDONE: frozenset(),
}


def words_follow(job: Job, before: RunView, after: RunView, record: Record) -> str:
    """A step's and a run's state change only as the table allows; an ended run is ended."""
    if before.state in ENDED:
        return f"{record.kind} after the run was {before.state}"
    for was, now in zip(before.steps, after.steps, strict=False):
        if was.state is not now.state and now.state not in _NEXT[was.state]:
            return f"{was.id} went from {was.state} to {now.state} by {record.kind}"
    return ""


def time_goes_on(job: Job, before: RunView, after: RunView, record: Record) -> str:
    """No duration is negative."""
    for step in after.steps:
        if step.duration is not None and step.duration < 0:
            return f"{step.id} took {step.duration} s"
    last = job.records[-2] if len(job.records) > 1 else record
    # A new holder may be on another machine, with a clock of its own.
    if record.boottime < last.boottime and record.kind != Kind.LEASE:
        return f"record {record.seq} was written {last.boottime - record.boottime:.1f} s earlier"
    return ""


def undo_goes_backwards(job: Job, before: RunView, after: RunView, record: Record) -> str:
    """One holder takes back the latest act first."""
    if record.kind != Kind.UNDO_INTENT:
        return ""
    number = before.step(record.step or "").intent
    for earlier in reversed(job.records[:-1]):
        if earlier.kind == Kind.LEASE:
            return ""
        if earlier.kind == Kind.UNDO_INTENT and before.step(earlier.step or "").intent < number:
            return f"{record.step} is taken back after {earlier.step}, which was done before it"
    return ""


def undo_knows_before(job: Job, before: RunView, after: RunView, record: Record) -> str:
    """What is taken back is what an intent of this run promised to."""
    if record.kind != Kind.UNDO_INTENT:
        return ""
    promised = before.step(record.step or "").undo
    return "" if record.undo == promised else f"{record.step}: another undo than was written"


def holder_alone_begins(simulation: "Simulation", job: Job, record: Record) -> str:
    """No change is begun by whom another holder has overtaken."""
    if record.kind not in (Kind.INTENT, Kind.UNDO_INTENT) or simulation.reading:
        return ""
    operation = record.undo if record.kind == Kind.UNDO_INTENT else record.args
    if not find(operation["kind"], operation["version"]).changes:
        return ""
    for at, fence, run in simulation.trace.grants:
        if fence > record.fence:
            ago = simulation.now() - at
            return (
                f"{record.step} begins with fence {record.fence}, {run} got {fence} {ago:.1f} s ago"
            )
    return ""


def undo_leaves_others_alone(simulation: "Simulation", job: Job, record: Record) -> str:
    """What somebody else has changed since is not taken back."""
    if record.kind != Kind.UNDO_INTENT:
        return ""
    operation = job.plan.step(record.step or "").operation
    touched = places(operation)
    acts = [a for a in simulation.trace.acts if a.run == job.run and touched & set(a.changed)]
    ours = max((a.at for a in acts), default=0.0)
    theirs = max((simulation.trace.foreign.get(p, -1.0) for p in touched), default=-1.0)
    asleep = simulation.slept(job, since=theirs)
    # A look may be answered just before the other one changes it.
    if (
        theirs <= ours
        or simulation.now() - theirs < _LOOK + asleep
        or operation.kind != "scale_deployment"
    ):
        return ""
    if holds(simulation.world, operation) is not False:
        return ""
    return f"{record.step} is taken back, and somebody else had changed it"


def done_is_true(simulation: "Simulation", job: Job, record: Record) -> str:
    """Done is what is really so, or was until somebody else changed it."""
    if record.kind != Kind.DONE or job.view.plan is None:
        return ""
    if simulation.reading and len(simulation.jobs) > 1:
        # It was written by whoever died over it; another run may have come between.
        return ""
    step = job.plan.step(record.step or "")
    if holds(simulation.world, step.operation) is not False:
        return ""
    began = job.began.get(step.id, 0.0)
    if any(at >= began for at in simulation.trace.foreign.values()):
        return ""
    return f"{step.id} ({step.operation.kind}) is called done and is not"


def end_is_earned(job: Job, before: RunView, after: RunView, record: Record) -> str:
    """A run is only called completed when nothing of it is unknown, failed or waiting."""
    if record.kind != Kind.HEAD:
        return ""
    states = {s.state for s in after.steps}
    wanted = {
        RunState.COMPLETED: {StepState.DONE},
        RunState.COMPLETED_WITH_EXCEPTIONS: {StepState.DONE, StepState.SKIPPED},
    }.get(after.state)
    if wanted is not None and not states <= wanted:
        return f"{after.state}, with steps {', '.join(sorted(states - wanted))}"
    return ""
