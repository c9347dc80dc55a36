"""Starts executors: the run's folder first, then a process of its own that outlives us."""

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infctl.engine.decisions import Decision
from infctl.errors import ConfigurationError, JournalError, Refused, Unreachable
from infctl.executor.control import NotListening, ask, encode, is_listening, unanswered
from infctl.executor.damage import damage_of, settle_hint
from infctl.executor.folders import find_folder, make_folder, new_run_id, run_lock
from infctl.executor.living import executor_of
from infctl.executor.order import Order, write_order
from infctl.executor.own_files import check_run
from infctl.executor.watch import log_tail, read_run
from infctl.model.plan import Plan

EXECUTOR = (sys.executable, "-P", "-m", "infctl.executor")
_REVIVE_SECONDS = 50.0
"""A lease of an executor that died elsewhere has to run out first."""
_PATIENCE_SECONDS = 90.0
"""For an executor to start, or to end: one that heals after a signal has a minute for that."""
_QUIET_SECONDS = 1.0
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
    """Write the order durably, start its executor, return the run's id.

    JournalError where it cannot be written: nothing is left of the run then.
    """
    run = new_run_id()
    folder = make_folder(run)
    _keep(
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
    spawn(folder)
    return run


def _keep(folder: Path, order: Order) -> None:
    try:
        write_order(folder, order)
        _sync(folder)
        _sync(folder.parent)
    except OSError as error:
        # A folder without a plan would stand in the way of the next run.
        shutil.rmtree(folder, ignore_errors=True)
        raise JournalError(
            f"the run cannot be written to {folder.parent}: {error.strerror}",
            hint=f"df -h {folder.parent}",
            unchanged="nothing was started",
        ) from error


def revive(
    run: str, decision: Decision | None = None, tell: Callable[[str], None] = lambda _: None
) -> bool:
    """See that a run which has not ended has an executor that listens; whether it is a new one.

    A new one has the `decision` before it does anything else; another has acted on it. One that is
    only starting or ending is waited for, and `tell` hears of that. Refused where the run is over,
    Unreachable where its executor does not come up or does not answer.
    """
    folder = find_folder(run)
    check_run(folder)
    begun = time.monotonic()
    is_told = False
    while True:
        # Also while its executor still closes.
        if read_run(folder.name).over:
            raise Refused(f"run {folder.name} is over", hint=f"infctl runs show {folder.name}")
        is_new = not run_lock(folder).holder()
        if is_new:
            _refuse_damaged(folder)
        try:
            if _start(folder, decision) if is_new else _tell(folder, decision):
                return is_new
        except NotListening as error:
            executor = executor_of(folder)
            if executor is not None and executor.is_silent:
                raise unanswered(folder, decision) from error
            if time.monotonic() > begun + _PATIENCE_SECONDS:
                raise
        if not is_told and time.monotonic() > begun + _QUIET_SECONDS:
            is_told = True
            tell(f"the executor of run {folder.name} is starting or ending: waiting for it")
        time.sleep(_POLL)


def _refuse_damaged(folder: Path) -> None:
    """JournalError where no executor could carry the run on: what to do then, a person says."""
    damage = damage_of(folder)
    # Where one has begun meanwhile, it was only writing.
    if damage and not run_lock(folder).holder():
        raise JournalError(
            f"run {folder.name} cannot be carried on from its files here: {damage}",
            hint=settle_hint(folder.name),
            unchanged="the run is in doubt, and nothing was started",
        )


def _tell(folder: Path, decision: Decision | None) -> bool:
    """Ask the executor that has the run; NotListening where it takes nothing now."""
    if decision is not None:
        ask(folder, decision)
    elif not is_listening(folder):
        raise NotListening(f"the executor of run {folder.name} does not answer")
    return True


def _start(folder: Path, decision: Decision | None) -> bool:
    """Whether a new executor listens, or has ended its run; False where another has the run."""
    executor = spawn(folder, decision)
    deadline = time.monotonic() + _REVIVE_SECONDS
    while time.monotonic() < deadline:
        has_ended = executor.poll() is not None
        holder = run_lock(folder).holder()
        if holder.startswith(f"{executor.pid}@") and is_listening(folder):
            return True
        if has_ended and (holder or read_run(folder.name).over):
            return not holder
        if has_ended:
            break
        time.sleep(_POLL)
    raise Unreachable(
        f"run {folder.name} cannot be carried on: {_last_words(folder)}",
        hint=f"infctl runs list --clusters; infctl runs abandon {folder.name} --reason WHY",
    )


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
