"""Rules of single acts: who may do what, and when."""

from typing import TYPE_CHECKING

from infctl.model.journal import Kind
from infctl.simulator.effects import places
from infctl.simulator.network import FENCED
from infctl.simulator.trace import Act, Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

_SLACK = 8.0
"""Seconds from the last look at the lease to the last request of one act, its answers being slow.

Holders stop at 10 s, others take over after 15 s of their own clock, which may run 1.4 times as
fast.
"""
_DECIDED = frozenset({Kind.DONE, Kind.SKIP, Kind.UNDO_DONE})


def intent_comes_first(simulation: "Simulation", act: Act) -> str:
    """No act without an intent that is durable on its own machine."""
    job = job_of(simulation, act)
    if act.doing is None:
        return f"{act.run} sent {act.verb} to {act.place} without an intent"
    kind = Kind.UNDO_INTENT if act.doing.undoing else Kind.INTENT
    if any(r.kind == kind and r.step == act.doing.step for r in job.records):
        return ""
    return f"{act.doing.step}: {act.verb} at {act.place}, and no {kind} in the journal"


def done_is_done(simulation: "Simulation", act: Act) -> str:
    """A step that was seen done is not acted upon again, unless somebody asked to."""
    if act.doing is None or act.doing.undoing:
        return ""
    records = [r for r in job_of(simulation, act).records if r.step == act.doing.step]
    decided = [r.kind for r in records if r.kind in _DECIDED]
    return f"{act.doing.step} acts again after {decided[-1]}" if decided else ""


def holder_alone_acts(simulation: "Simulation", act: Act) -> str:
    """Who was overtaken stops: nothing is sent once another holder has long been granted."""
    now = simulation.now()
    for at, fence, run in simulation.trace.grants:
        if fence > act.fence and now - at > _SLACK + simulation.slept(
            job_of(simulation, act), since=at
        ):
            return f"{act.run} sends with fence {act.fence}, {run} got {fence} {now - at:.1f} s ago"
    return ""


def lost_is_read_back(simulation: "Simulation", act: Act) -> str:
    """Whoever lost an answer looks at what is there before sending again."""
    if act.doing is None or act.doing.undoing:
        return ""
    job = job_of(simulation, act)
    lost = job.lost.get(act.doing.step)
    has_looked = lost is None or job.looked >= lost or job.lost_life != job.lives
    if has_looked or not places(job.plan.step(act.doing.step).operation):
        return ""
    return f"{act.doing.step} sends {act.verb} again without having looked"


def newest_fence_writes(simulation: "Simulation", act: Act) -> str:
    """A cluster takes no write of an older fence once a newer one has acted there."""
    if act.verb not in FENCED or act.changed[0].split("/")[1][:1].islower():
        # Stores, whose places name a bucket and no kind, compare no fence: a documented window.
        return ""
    newest = simulation.newest.get(act.place, 0)
    simulation.newest[act.place] = max(newest, act.fence)
    if act.fence >= newest:
        return ""
    return f"{act.place} took {act.verb} of fence {act.fence} after {newest} had acted there"


def some_region_serves(simulation: "Simulation", act: Act) -> str:
    """At least one region is on, whatever a run does."""
    from infctl.simulator.environment import regions_on

    if regions_on(simulation.world):
        return ""
    return f"{act.run}: no region is on after {act.verb} at {act.place}"


def job_of(simulation: "Simulation", act: Act) -> Job:
    """The run of an act, as the machine has it that acted."""
    found = [j for j in simulation.jobs if j.run == act.run]
    # Where several machines had the run, the fence says which.
    return found[0] if len(found) == 1 else next(j for j in found if act.fence in j.fences)
