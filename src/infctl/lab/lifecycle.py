"""Starting and stopping a whole lab from outside, and cleaning up after one that was killed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infctl.lab import addresses, client, locate, processes, spec
from infctl.lab.errors import LabError, NotRunning
from infctl.lab.processes import Process
from infctl.lab.supervisor import logs
from infctl.lab.supervisor.service import SUPERVISOR, error_path, register_path

KEPT = ("regions", "shared", "pki", "logs", "lab.json")
"""What `lab down --keep-data` leaves, so that the next start finds each region's data."""
PROGRAM: tuple[str, ...] = (sys.executable, "-m", "infctl.lab.supervisor", "--state")
_STOP_SECONDS = 6.0
_SOCKET_SECONDS = 30.0
_START_DEAD_SECONDS = 120.0


def supervisor_of(state: Path) -> Process | None:
    """The living supervisor of a lab; None if there is none."""
    found = processes.read_register(register_path(state)).get(SUPERVISOR)
    return found if found and processes.is_alive(found) else None


def read_status(state: Path) -> dict[str, Any]:
    """What the supervisor says of all parts; NotRunning if there is no lab or no supervisor."""
    name = state.name
    if not (state / "lab.json").exists():
        raise NotRunning(f"there is no lab {name}", f"infctl lab up --name {name}")
    if supervisor_of(state) is None:
        left = len(_recorded(state))
        if not left and not register_path(state).exists():
            raise NotRunning(
                f"the lab {name} is down; its data is kept",
                f"infctl lab up --name {name} (or: lab down removes it)",
            )
        raise NotRunning(
            f"the lab {name} is not running: its supervisor is gone, {left} of its processes live",
            f"infctl lab up --name {name} (or: lab down) cleans up",
        )
    return client.ask(state / "admin.sock", "GET", "/status")


def clean_up(state: Path) -> int:
    """Kill whatever is recorded of a lab whose supervisor is gone; returns how many there were."""
    found = _recorded(state)
    remaining = processes.kill(found)
    # The pods' records are read once more: an agent may have written one while it was killed.
    remaining += processes.kill(_recorded(state))
    if remaining:
        pids = ", ".join(str(p.pid) for p in remaining)
        raise LabError(f"processes {pids} of the lab {state.name} do not end", f"kill -9 {pids}")
    return len(found)


def new_lab(
    name: str, regions: Sequence[spec.Region], zone: str
) -> tuple[spec.Lab, socket.socket, bool]:
    """A lab's specification on disk and the claim on its number; True if it has data already."""
    state = locate.state_of(name)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _read_kept(state)
    if kept and kept.regions != tuple(regions):
        raise _other_data(kept, regions)
    # Certificates name addresses, so kept data needs its number again.
    try:
        number, claim = locate.claim_number(kept.number if kept else None, _kept_by_others(name))
    except LabError as error:
        if kept is None:
            raise
        hint = f"end that lab, or give up the data: infctl lab down --name {name}"
        raise LabError(error.what, hint) from None
    lab = spec.Lab(name, number, state, tuple(regions), zone, ipv6=_may_have_ipv6(number))
    lab.save()
    return lab, claim, kept is not None


def _may_have_ipv6(number: int) -> bool:
    """The machine's one address is the first lab's: of two that start at once it asks no other."""
    ports = addresses.EDGE_PORTS["gateway"]
    is_first = number == addresses.FIRST_LAB
    return is_first and all(locate.can_bind(addresses.IPV6, port) for port in ports)


def _other_data(kept: spec.Lab, wanted: Sequence[spec.Region]) -> LabError:
    """Certificates name nodes by their addresses, so kept data needs as many again."""
    nodes = kept.regions[0].nodes
    if [r.name for r in kept.regions] == [r.name for r in wanted]:
        return LabError(
            f"the lab {kept.name} keeps data of {nodes} nodes a region",
            f"infctl lab up --name {kept.name} --nodes {nodes} (or: lab down removes the data)",
        )
    others = ", ".join(region.name for region in kept.regions)
    return LabError(
        f"the lab {kept.name} keeps data of other regions: {others}",
        f"infctl lab down --name {kept.name} removes it",
    )


def _kept_by_others(name: str) -> set[int]:
    others = (_read_kept(locate.state_of(other)) for other in locate.names() if other != name)
    return {lab.number for lab in others if lab is not None}


def start(lab: spec.Lab, claim: socket.socket) -> None:
    """Start the supervisor, detached from this terminal, and wait until it answers."""
    for stale in (error_path(lab.state), register_path(lab.state), lab.admin_socket):
        stale.unlink(missing_ok=True)
    output = logs.open_log(lab.log(SUPERVISOR))
    process = subprocess.Popen(
        [*PROGRAM, str(lab.state)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=lab.state,
        start_new_session=True,
        # The claim on the number lives as long as the supervisor.
        pass_fds=(claim.fileno(),),
    )
    os.close(output)
    end = time.monotonic() + _SOCKET_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise _why_not_started(lab)
        if _answers(lab):
            return
        time.sleep(0.05)
    raise LabError("the supervisor did not start in time", f"see {lab.log(SUPERVISOR)}")


def _answers(lab: spec.Lab) -> bool:
    if not lab.admin_socket.exists():
        return False
    try:
        client.ask(lab.admin_socket, "GET", "/faults")
    except NotRunning:
        return False
    return True


def start_dead(state: Path) -> list[str]:
    """Start the parts that died in a running lab; returns their names once they are ready."""
    found = client.ask(state / "admin.sock", "POST", "/start", timeout=_START_DEAD_SECONDS)
    return [str(name) for name in found["started"]]


def stop(state: Path, *, keep: Sequence[str] = ()) -> None:
    """Stop a lab, running or killed, and remove its folder but for what is to be kept."""
    supervisor = supervisor_of(state)
    if supervisor:
        try:
            client.ask(state / "admin.sock", "POST", "/stop", timeout=_STOP_SECONDS)
            _wait_gone(supervisor)
        except LabError:
            processes.kill([supervisor])
    clean_up(state)
    remove(state, keep)


def remove(state: Path, keep: Sequence[str] = ()) -> None:
    """Remove the folder of a lab that is stopped, but for the names in `keep`."""
    if not state.is_dir():
        return
    for path in state.iterdir():
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if not any(state.iterdir()):
        state.rmdir()


def _recorded(state: Path) -> list[Process]:
    """Every living process that is recorded of a lab: parts, supervisor, pods."""
    found = list(processes.read_register(register_path(state)).values())
    kept = _read_kept(state)
    if kept:
        from infctl.lab.supervisor.residents import residents

        for region in kept.regions:
            found += residents(kept, region.name)
    return [p for p in found if processes.is_alive(p)]


def _read_kept(state: Path) -> spec.Lab | None:
    try:
        return spec.load(state)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _wait_gone(process: Process) -> None:
    end = time.monotonic() + 1.0
    while processes.is_alive(process) and time.monotonic() < end:
        time.sleep(0.01)


def _why_not_started(lab: spec.Lab) -> LabError:
    try:
        told = json.loads(error_path(lab.state).read_text())
        return LabError(told["what"], told["hint"])
    except (OSError, ValueError, KeyError):
        last = " | ".join(logs.tail(lab.log(SUPERVISOR), 1))
        return LabError(f"the supervisor ended at once: {last}", f"see {lab.log(SUPERVISOR)}")
