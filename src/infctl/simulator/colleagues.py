"""Somebody on another machine takes a run over, while the machine that had it is gone or not."""

from typing import TYPE_CHECKING

from infctl.simulator.clock import HostClock
from infctl.simulator.copying import Copying
from infctl.simulator.disk import Platter
from infctl.simulator.faults import Fault
from infctl.simulator.host import Executor, Host
from infctl.simulator.people import Person
from infctl.simulator.trace import Job

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

_MOST_MACHINES = 3
_LEAST = 25.0
"""Seconds that a machine is frozen or cut off at least: shorter, nobody takes anything over."""
_WAYS = (2.0, 40.0, 40.0, 2.0)
"""Seconds, at most, until the colleague looks, by phase: at once, or when nothing was heard."""
_BOOTED = (5.0, 1000.0, 900_000.0)
"""Seconds since a machine's boot: one machine's clock says nothing of another's."""


def call(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    """The executor's machine is struck, and a colleague is asked for the run."""
    machines = [job for job in simulation.jobs if job.run == executor.job.run]
    if len(machines) == _MOST_MACHINES:
        return
    _strike(simulation, fault, executor)
    former = executor.job
    job = Job(former.run, former.plan, Platter(), former.digest, former.before, copying=Copying())
    clock = HostClock(booted=simulation.chance.choice(_BOOTED))
    host = Host(f"host-{len(simulation.people)}", clock)
    person = next(p for p in simulation.people if p.job is former)
    verb = simulation.chance.choice(("", "", "undo"))
    colleague = Person(
        simulation,
        job,
        host,
        person.decisions,
        delay=simulation.chance.uniform(0.0, _WAYS[fault.phase]),
        asks_for=verb,
        has_nothing=True,
    )
    simulation.join(colleague)


def _strike(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    """By phase: gone for good, frozen, cut off from everything; else it is as well as before."""
    seconds = _LEAST + fault.seconds
    if fault.phase == 0:
        executor.process.dead = True
        executor.host.gone = True
    elif fault.phase == 1:
        simulation.sleep(executor, seconds, stops_timers=bool(fault.moment % 2))
    elif fault.phase == 2:
        executor.host.cut_until = simulation.now() + seconds
