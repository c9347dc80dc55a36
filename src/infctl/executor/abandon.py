"""Closes a run that nobody can carry on: its executor is gone, and the world that it changed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infctl.clients.clock import SystemClock
from infctl.engine.copies import Copy
from infctl.engine.journal import FileJournal
from infctl.errors import Exit, InfctlError, Refused, UsageError
from infctl.executor.aside import put_back, remains, set_aside
from infctl.executor.claims import Claim
from infctl.executor.damage import damage_of
from infctl.executor.folders import find_folder, run_lock
from infctl.executor.launch import whoami
from infctl.executor.living import executor_of, identity
from infctl.executor.order import Order, read_order
from infctl.executor.own_files import check_run
from infctl.executor.remote import write_run
from infctl.executor.watch import read_run
from infctl.model.journal import Kind, Record
from infctl.model.run import RunState, RunView

Ask = Callable[[RunView], Claim | None]
"""Asks the clusters who carries the run on; it is told the run as this machine knows it."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Where damaged files were set aside, and whether the run is still known here."""

    aside: Path | None = None
    is_kept: bool = True


def abandon(run: str, reason: str, ask: Ask = lambda _: None) -> Closed:
    """Write the last record: failed, by whom and why. Refused while an executor has the run.

    What other machines wrote meanwhile is taken first; files that do not verify are set aside.
    """
    if not reason.strip():
        raise UsageError("a run is abandoned with a reason only")
    folder = find_folder(run)
    check_run(folder)
    lock = run_lock(folder)
    if not lock.acquire(identity()):
        raise _has_executor(folder)
    try:
        if (view := read_run(folder.name)).over:
            raise Refused(f"run {view.run} is over", hint=f"infctl runs show {view.run}")
        claim = ask(view)
        if claim is not None:
            claim.refuse(folder.name, "it was not closed")
        copy = None if claim is None else claim.copy
        if damage := damage_of(folder):
            return _close_damaged(folder, damage, copy, reason)
        _close(folder, read_order(folder), reason, copy)
        return Closed()
    finally:
        lock.release()


def _has_executor(folder: Path) -> Refused:
    run, executor = folder.name, executor_of(folder)
    if executor is not None and executor.is_silent:
        return Refused(
            f"run {run}: {executor.silence()}",
            hint=executor.way_on(f"infctl runs resume {run}"),
            unchanged="it was not closed",
        )
    named = "" if executor is None or not executor.pid else f" (pid {executor.pid} on this host)"
    return Refused(f"run {run} has an executor{named}", hint=f"infctl runs undo {run}")


def _close_damaged(folder: Path, damage: str, copy: Copy | None, reason: str) -> Closed:
    """Set the files aside, and close what is known of the run instead."""
    found = remains(folder, copy)
    aside = set_aside(folder)
    if found is None:
        return Closed(aside, is_kept=False)
    order, records = found
    try:
        written = write_run(order, records)
    except InfctlError:
        put_back(aside, folder)
        raise
    _close(written, order, reason, evidence=f"{damage}: set aside by {whoami()} as {aside.name}")
    return Closed(aside)


def _close(
    folder: Path, order: Order, reason: str, copy: Copy | None = None, evidence: str = ""
) -> None:
    journal = FileJournal(
        folder,
        run=order.run,
        plan_digest=order.plan.digest,
        actor=whoami(),
        clock=SystemClock(),
    )
    try:
        if copy is not None:
            journal.extend(_later(journal, copy))
        if not journal.records():
            journal.append(Kind.PLAN, args=order.plan.to_json())
        journal.fence = journal.view().fence
        if evidence:
            journal.append(Kind.OBSERVED, result={"evidence": [evidence]})
        _end(journal, reason)
    finally:
        journal.close()


def _later(journal: FileJournal, copy: Copy) -> tuple[Record, ...]:
    """What other machines wrote behind this one's records; nothing where both wrote on."""
    ours = journal.records()
    follows = len(copy.records) > len(ours) and (
        not ours or copy.records[len(ours) - 1].digest == ours[-1].digest
    )
    return copy.records[len(ours) :] if follows else ()


def _end(journal: FileJournal, reason: str) -> None:
    view = journal.view()
    if view.over:
        raise Refused(f"run {view.run} is over", hint=f"infctl runs show {view.run}")
    content = {
        "state": str(RunState.FAILED),
        "reason": f"abandoned: {reason}",
        "exit": int(Exit.FAILED),
    }
    journal.append(Kind.HEAD, result=content)
