"""B33: kill -9 of whoever holds a fault: it ends by its lease, within ten seconds."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_faults_contract import TARGET, WallClock, _wait_until_it_answers, socket

from infctl.clients.fault_injector import FaultInjector
from infctl.drills.failover import FAULT_TTL

ROUNDS = int(os.environ.get("INFCTL_DEAD_HOSTS", "20" if os.environ.get("INFCTL_WHOLE") else "1"))
SECONDS = 10.0
__all__ = ["WallClock", "socket"]
HOLDER = """
import asyncio, sys
from pathlib import Path
from types import SimpleNamespace
from infctl.clients.fault_injector import FaultInjector
from infctl.executor.leases import renew_faults
from infctl.model.journal import Kind
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, StepState, StepView

socket, fault, target, ttl = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
args = {"fault": fault, "kind": "kill", "target": target, "ttl": ttl}
plan = Plan("hold", "holds a fault", "toy", (Step("inject", Operation("inject_fault", args)),))
view = RunView(plan=plan, steps=(StepView("inject", StepState.DONE),))
world = SimpleNamespace(faults=FaultInjector(socket))

async def main():
    await world.faults.inject(fault, "kill", target, ttl)
    print("held", flush=True)
    await renew_faults(plan, lambda: view, world, lambda lost: None)

asyncio.run(main())
"""


@pytest.mark.timeout(600)
def test_b33_a_fault_ends_by_its_lease_once_its_host_is_killed(socket: Path) -> None:
    faults = FaultInjector(socket)
    asyncio.run(_wait_until_it_answers(faults))
    for number in range(ROUNDS):
        name = f"drill-{number}"
        argv = [sys.executable, "-c", HOLDER, str(socket), name, TARGET, str(FAULT_TTL)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            if number == 0:
                # As long as its host lives it is in force, beyond its first lease.
                time.sleep(FAULT_TTL + 1.0)
                assert asyncio.run(_names(faults)) == [name]
            holder.kill()
            killed = time.monotonic()
        while name in asyncio.run(_names(faults)):
            assert time.monotonic() - killed <= SECONDS
            time.sleep(0.1)


async def _names(faults: FaultInjector) -> list[str]:
    return [fault.id for fault in await faults.active()]
