"""Rules of runs that several machines carry on, one after the other; asked in such runs alone."""

from typing import TYPE_CHECKING

from infctl.engine.mirror import chunk_name, chunk_of, key_of, read_records
from infctl.model.fence import SYSTEM
from infctl.model.journal import Kind, Record
from infctl.ports.cluster import CONFIG_MAP
from infctl.simulator.effects import places
from infctl.simulator.invariants.acts import job_of
from infctl.simulator.network import FENCED
from infctl.simulator.trace import Act, Doing, Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation


def copy_comes_first(simulation: "Simulation", act: Act) -> str:
    """No act before a cluster has its intent, unless none took it in time."""
    job, doing = job_of(simulation, act), act.doing
    if job.copying is None or doing is None:
        return ""
    record = next((r for r in reversed(job.records) if _is_of(r, doing)), None)
    if record is None:
        return ""
    regions = _holders(simulation, record)
    if regions:
        simulation.kept.setdefault(doing, regions)
        job.copying.told = max(job.copying.told, record.seq)
        return ""
    if job.copying.unkept >= job.copying.begun.get((doing.step, doing.undoing), 0.0):
        return ""
    return f"{doing.step} sends {act.verb} to {act.place}, and no cluster has its intent"


def copies_suffice(simulation: "Simulation", job: Job, record: Record) -> str:
    """Whoever takes a run over knows each act that was begun before, by its copy."""
    if record.kind != Kind.LEASE or job.copying is None:
        return ""
    for act in simulation.trace.acts:
        doing = act.doing
        if act.run != job.run or act.fence >= record.fence or doing is None:
            continue
        if any(_is_of(r, doing) for r in job.records):
            continue
        if simulation.kept.get(doing, frozenset()) <= job.copying.silent:
            job.copying.partial = True
            continue
        return f"{doing.step} was begun with fence {act.fence}, and its next holder has not heard"
    return ""


def done_stays_done(simulation: "Simulation", act: Act) -> str:
    """What one machine saw done, and went on from, none does once more."""
    job, doing = job_of(simulation, act), act.doing
    if doing is None or doing.undoing or job.copying is None or job.copying.partial:
        return ""
    touched = places(job.plan.step(doing.step).operation)
    if not touched or touched & simulation.trace.foreign.keys():
        return ""
    for other in simulation.jobs:
        if other.run != job.run or other is job or min(other.fences, default=0) >= act.fence:
            continue
        told = other.records[: other.copying.told if other.copying is not None else 0]
        if any(r.kind == Kind.DONE and r.step == doing.step for r in told):
            return f"{doing.step} acts with fence {act.fence}, and was seen done on another machine"
    return ""


def copies_agree(simulation: "Simulation", job: Job) -> str:
    """What the clusters hold, taken together, is the journal of the newest holder in it."""
    objects = [
        stored.object
        for cluster in simulation.world.clusters.values()
        for (kind, space, _), stored in cluster.storage.objects.items()
        if kind == CONFIG_MAP and space == SYSTEM
    ]
    copied = read_records(job.run, objects)
    newest = max((r.fence for r in copied), default=0)
    if not newest or newest not in job.fences or job.disk.flipped:
        return ""
    ours = job.records[: len(copied)]
    if [r.digest for r in ours] == [r.digest for r in copied]:
        return ""
    return f"the copies of {job.run} are not what its holder of fence {newest} wrote"


def some_machine_ends_it(simulation: "Simulation", job: Job) -> str:
    """A run that was begun ends on some machine, as long as one has heard of it."""
    machines = [j for j in simulation.jobs if j.run == job.run]
    if any(not j.copying.left and j.records for j in machines if j.copying is not None):
        # It is judged by its own end.
        return ""
    is_known = any(doing.run == job.run for doing in simulation.kept)
    if any(j.view.over for j in machines) or not is_known:
        return ""
    return f"{job.run} was left by {len(machines)} machines, and nobody carries it on"


def is_known_window(simulation: "Simulation", act: Act) -> bool:
    """Whether an overtaken machine still changed what nobody could shut it out from.

    Stores compare no fence; and where a cluster did not take the newer one, its holder said so.
    """
    newer = [
        job
        for job in simulation.jobs
        if job.run == act.run and max(job.fences, default=0) > act.fence
    ]
    told = (note for job in newer for note in job.view.notes)
    return bool(newer) and (act.verb not in FENCED or any(act.place in note for note in told))


SENDING = (copy_comes_first, done_stays_done)
RECORD = (copies_suffice,)
END = (copies_agree, some_machine_ends_it)


def note(simulation: "Simulation", job: Job, record: Record) -> None:
    """When each intent was written."""
    if job.copying is not None and record.kind in (Kind.INTENT, Kind.UNDO_INTENT):
        step, undoing = record.step or "", record.kind == Kind.UNDO_INTENT
        job.copying.begun[(step, undoing)] = simulation.now()


def _is_of(record: Record, doing: Doing) -> bool:
    kind = Kind.UNDO_INTENT if doing.undoing else Kind.INTENT
    return record.kind == kind and record.step == doing.step and record.attempt == doing.attempt


def _holders(simulation: "Simulation", record: Record) -> frozenset[str]:
    """The clusters that hold a record."""
    place = (CONFIG_MAP, SYSTEM, chunk_name(record.run, chunk_of(record.seq)))
    found = {n: c.storage.objects.get(place) for n, c in simulation.world.clusters.items()}
    key = key_of(record)
    return frozenset(n for n, stored in found.items() if stored and key in stored.object["data"])
