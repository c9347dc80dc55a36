"""Starts executors: the run's folder first, then a process of its own that outlives us."""

import contextlib
import getpass
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from infctl.engine.decisions import Decision
from infctl.errors import ConfigurationError, Refused, Unreachable
from infctl.executor.control import ask, encode, is_listening
from infctl.executor.folders import find_folder, make_folder, new_run_id, run_lock
from infctl.executor.order import Order, write_order
from infctl.executor.own_files import check_run
from infctl.executor.watch import log_tail, read_run
from infctl.model.plan import Plan

EXECUTOR = (sys.executable, "-P", "-m", "infctl.executor")
_REVIVE_SECONDS = 50.0
"""A lease of an executor that died elsewhere has to run out first."""
_STARTING_SECONDS = 5.0
_POLL = 0.05
_CLOCK = re.compile(r"^[0-9-]{10} [0-9:,]{12} [A-Z]+ ")


def launch(
    plan: Plan,
    *,
    platform: Path,
    environment: str,
    overlay: str | None = None,
    on_failure: str = "pause",
    overridden: tuple[str, ...] = (),
    report: Path | None = None,
) -> str:
    """Write the order durably, start its executor, return the run's id."""
    run = new_run_id()
    folder = make_folder(run)
    write_order(
        folder,
        Order(
            run=run,
            plan=plan,
            platform=platform.resolve(),
            environment=environment,
            actor=whoami(),
            on_failure=on_failure,
            overlay=overlay,
            overridden=overridden,
            report=None if report is None else report.resolve(),
        ),
    )
    _sync(folder)
    _sync(folder.parent)
    spawn(folder)
    return run


def revive(run: str, decision: Decision | None = None) -> None:
    """See that a run which has not ended has an executor that listens.

    A `decision` is there before the executor does anything else. Refused where the run is over,
    Unreachable where its executor does not come up.
    """
    folder = find_folder(run)
    check_run(folder)
    # Also while its executor still closes.
    if read_run(run).over:
        raise Refused(f"run {run} is over", hint=f"infctl runs show {run}")
    if run_lock(folder).holder():
        if decision is not None:
            _wait_listening(folder)
            ask(folder, decision)
        return
    executor = spawn(folder, decision)
    deadline = time.monotonic() + _REVIVE_SECONDS
    while time.monotonic() < deadline:
        if is_listening(folder):
            return
        if executor.poll() is not None:
            if read_run(run).over:
                return
            break
        time.sleep(_POLL)
    raise Unreachable(
        f"run {run} cannot be carried on: {_last_words(folder)}",
        hint=f"infctl runs list --clusters; infctl runs abandon {run} --reason WHY",
    )


def _wait_listening(folder: Path) -> None:
    """One that was only just started holds its run before it takes decisions."""
    deadline = time.monotonic() + _STARTING_SECONDS
    while not is_listening(folder) and time.monotonic() < deadline and run_lock(folder).holder():
        time.sleep(_POLL)


def _last_words(folder: Path) -> str:
    """The log's last line, without its clock."""
    return _CLOCK.sub("", "; ".join(log_tail(folder, 1)))


def spawn(folder: Path, decision: Decision | None = None) -> "subprocess.Popen[bytes]":
    """An executor in a session of its own, its output in the run's log.

    What was decided before it starts comes in as its whole input.
    """
    check_run(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(folder / "executor.log", flags, 0o600)
    try:
        started = subprocess.Popen(
            [*EXECUTOR, str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
        with contextlib.suppress(BrokenPipeError):
            # One that ended at once says why in its log, not here.
            _hand_over(started, decision)
        return started
    except OSError as error:
        raise ConfigurationError(f"the executor cannot be started: {error}") from error
    finally:
        os.close(log)


def _hand_over(started: "subprocess.Popen[bytes]", decision: Decision | None) -> None:
    if started.stdin is not None:
        with started.stdin as pipe:
            pipe.write(b"" if decision is None else encode(decision))


def whoami() -> str:
    """Who asks: user and host."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
