"""Rules of a whole run, asked when nothing happens any more."""

import hashlib
from typing import TYPE_CHECKING

from infctl.model.run import RunState, StepState, fold
from infctl.simulator.effects import places, remains
from infctl.simulator.environment import differences, picture
from infctl.simulator.trace import Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation


def views_agree(simulation: "Simulation", job: Job) -> str:
    """Whoever reads the whole journal sees what whoever followed it saw."""
    whole = fold(job.records)
    return "" if whole == job.view else f"{whole.state} read at once, {job.view.state} followed"


def has_left(job: Job) -> bool:
    """Whether its machine is gone, or another one has the run: that one's end counts."""
    return job.copying is not None and job.copying.left


def _was_overtaken(simulation: "Simulation", job: Job) -> bool:
    """Whether another machine carried the run on after this one."""
    ours = max(job.fences, default=0)
    return any(j.run == job.run and max(j.fences, default=0) > ours for j in simulation.jobs)


def nothing_is_lost(simulation: "Simulation", job: Job) -> str:
    """What was acknowledged is durable, each record as it was."""
    if job.disk.flipped:
        return ""
    kept = {hashlib.sha256(row.encode()).hexdigest() for row in job.disk.rows}
    # What was written when its process died was told to nobody.
    missing = sum(record.digest not in kept for record in job.records)
    return f"{missing} of {len(job.records)} records are gone" if missing else ""


def damage_is_seen(simulation: "Simulation", job: Job) -> str:
    """Nobody goes on with a journal in which a bit has turned."""
    if has_left(job):
        return ""
    if job.disk.flipped and not job.in_doubt:
        return f"the run went on to {job.state} with a damaged journal"
    return ""


def undo_is_exact(simulation: "Simulation", job: Job) -> str:
    """After an undo the world is as before, but for what the residue names and others changed."""
    if job.view.course != "undo" or not job.view.over or job.before is None:
        return ""
    if job.copying is not None and (job.copying.partial or _was_overtaken(simulation, job)):
        # Of what nobody else was told, nobody else can take anything back.
        return ""
    others = set(simulation.trace.foreign)
    for act in simulation.trace.acts:
        if act.run != job.run:
            others.update(act.changed)
    left = differences(job.before, picture(simulation.world)) - others
    named = {
        place
        for step, seen in zip(job.plan.steps, job.view.steps, strict=True)
        if seen.state is not StepState.UNDONE and f"{step.id}:" in job.view.reason
        for place in remains(step.operation)
    }
    kept = {p for s in job.plan.steps if s.always for p in places(s.operation)}
    silent = {p for p in left if p in simulation.touched(job)} - named - kept
    if silent:
        return f"{job.view.state}, and {', '.join(sorted(silent))} is not as before"
    return ""


def residue_has_a_reason(simulation: "Simulation", job: Job) -> str:
    """Where nobody else came in the way, nothing is left over."""
    if job.view.course != "undo" or "left over" not in job.view.reason:
        return ""
    is_excused = (
        bool(simulation.trace.foreign)
        or len(simulation.jobs) > 1
        or simulation.trace.disturbed >= 0
        or bool(simulation.trace.injected)
    )
    return "" if is_excused else f"without any fault: {job.view.reason}"


def end_has_a_reason(simulation: "Simulation", job: Job) -> str:
    """A run ends, or is in doubt, or was refused; whatever is not completed says why."""
    if job.in_doubt or not job.records or has_left(job):
        return ""
    if not job.view.over:
        return "" if job.refused else f"{job.run} is {job.view.state}"
    if job.view.state is not RunState.COMPLETED and not job.view.reason:
        return f"{job.view.state} without a reason"
    return ""


def refused_runs_do_nothing(simulation: "Simulation", job: Job) -> str:
    """Whoever a guard refused has changed nothing; a guard that breaks refuses."""
    acted = any(act.run == job.run for act in simulation.trace.acts)
    broken = simulation.guard_broke and len(simulation.jobs) == 1
    if acted and (job.refused or broken):
        return "acted although a guard refused" if job.refused else "acted with a broken guard"
    return ""
