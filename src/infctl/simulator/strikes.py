"""What each kind of fault does at the moment when it strikes; those of single requests do nothing.

Why: a request's fault is met on its way (`network`), a write's at the disk (`disk`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from infctl.simulator.colleagues import call
from infctl.simulator.faults import Fault
from infctl.simulator.host import Executor

if TYPE_CHECKING:
    from infctl.simulator.simulation import Simulation

Strike = Callable[["Simulation", Fault, Executor], None]
RESTART = 3.0
SUSPENDED = 60.0
HOUR = 3600.0


def _kill(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    executor.process.dead = True


def _flip(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    executor.process.dead = True
    executor.job.disk.flip(fault.moment * 7919 + fault.phase)


def _fill(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    executor.host.full_until = simulation.now() + fault.seconds


def _block(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    simulation.sleep(executor, fault.seconds)


def _suspend(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    # SIGSTOP lets timers run out meanwhile; a closed lid stops them, too.
    simulation.sleep(executor, SUSPENDED, stops_timers=bool(fault.phase % 2))


def _cut(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    simulation.network.keep_cut(fault.region, simulation.now() + fault.seconds)


def _cut_all(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    for region in simulation.places:
        simulation.network.keep_cut(region, simulation.now() + fault.seconds)


def _restart(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    simulation.network.keep_cut(fault.region, simulation.now() + RESTART)


def _slow(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    simulation.slow_until[fault.region] = simulation.now() + fault.seconds


def _step(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    forward = bool(fault.phase % 2)
    for person in simulation.people:
        # One machine's hour ahead is the others' hour behind.
        person.host.clock.step += HOUR if forward is (person.host is executor.host) else -HOUR


def _freeze(simulation: "Simulation", fault: Fault, executor: Executor) -> None:
    simulation.frozen_until = simulation.now() + fault.seconds


STRIKES: dict[str, Strike] = {
    "kill": _kill,
    "bit_flip": _flip,
    "disk_full": _fill,
    "slow_disk": _block,
    "suspend": _suspend,
    "partition": _cut,
    "partition_all": _cut_all,
    "api_restart": _restart,
    "slow_rollout": _slow,
    "wall_step": _step,
    "freeze": _freeze,
    "colleague": call,
}
