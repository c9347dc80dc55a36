"""Asks the rules at their moments; a rule answers with what it saw, or with an empty text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVarTuple

from infctl.model.journal import Kind, Record
from infctl.model.run import RunView, fold
from infctl.simulator.invariants import acts, endings, machines, records
from infctl.simulator.loop import where
from infctl.simulator.trace import Act, Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

Ts = TypeVarTuple("Ts")

SENDING = (
    acts.intent_comes_first,
    acts.done_is_done,
    acts.holder_alone_acts,
    acts.lost_is_read_back,
)
ARRIVAL = (acts.newest_fence_writes, acts.some_region_serves)
RECORD = (
    records.words_follow,
    records.time_goes_on,
    records.undo_goes_backwards,
    records.undo_knows_before,
    records.end_is_earned,
)
TRUTH = (
    records.done_is_true,
    records.holder_alone_begins,
    records.undo_leaves_others_alone,
)
END = (
    endings.views_agree,
    endings.nothing_is_lost,
    endings.damage_is_seen,
    endings.undo_is_exact,
    endings.residue_has_a_reason,
    endings.end_has_a_reason,
    endings.refused_runs_do_nothing,
)


def judge_sending(simulation: "Simulation", act: Act) -> None:
    """A request that may change something goes out."""
    for rule in SENDING:
        _ask(simulation, rule, simulation, act)
    if simulation.is_copied:
        for rule in machines.SENDING:
            _ask(simulation, rule, simulation, act)


def judge_arrival(simulation: "Simulation", act: Act) -> None:
    """A request has changed something."""
    for rule in ARRIVAL:
        _ask(simulation, rule, simulation, act)


def judge_grant(simulation: "Simulation", job: Job, fence: int) -> None:
    """A run got the lock: fences only grow, and nobody else believes to hold it."""
    for person in simulation.people:
        other = person.executor
        if other is not None and other.job is not job and other.believes_to_hold():
            simulation.trace.accuse("one_holder", f"{job.run} got the lock, {other.job.run} has it")
    newest = max((f for _, f, _ in simulation.trace.grants[:-1]), default=0)
    if fence <= newest:
        simulation.trace.accuse("fences_grow", f"{job.run} got {fence} after {newest}")


def judge_record(
    simulation: "Simulation", job: Job, record: Record, view: RunView | None = None
) -> None:
    """A record is durable: the job's view moves on, to that of its journal where there is one."""
    before = job.view
    job.view = after = fold((record,), before) if view is None else view
    if record.kind == Kind.INTENT:
        job.began.setdefault(record.step or "", simulation.now())
    for rule in RECORD:
        _ask(simulation, rule, job, before, after, record)
    for truth in TRUTH:
        _ask(simulation, truth, simulation, job, record)
    if simulation.is_copied:
        machines.note(simulation, job, record)
        for truth in machines.RECORD:
            _ask(simulation, truth, simulation, job, record)


def judge_end(simulation: "Simulation") -> None:
    """Nothing happens any more."""
    for job in simulation.jobs:
        for rule in (*END, *machines.END) if simulation.is_copied else END:
            _ask(simulation, rule, simulation, job)


def _ask(simulation: "Simulation", rule: Callable[[*Ts], str], *told: *Ts) -> None:
    try:
        seen = rule(*told)
    except Exception as error:
        seen = f"the rule itself failed: {where(error)}"
    if seen:
        simulation.trace.accuse(rule.__name__, seen)
