"""Closes a run that nobody can carry on: its executor is gone, and the world that it changed."""

from infctl.clients.clock import SystemClock
from infctl.engine.journal import FileJournal
from infctl.errors import Exit, Refused, UsageError
from infctl.executor.folders import find_folder, run_lock
from infctl.executor.launch import whoami
from infctl.executor.order import read_order
from infctl.executor.own_files import check_run
from infctl.model.journal import Kind
from infctl.model.run import RunState, fold


def abandon(run: str, reason: str) -> None:
    """Write the last record: failed, by whom and why. Refused while an executor has the run."""
    if not reason.strip():
        raise UsageError("a run is abandoned with a reason only")
    folder = find_folder(run)
    check_run(folder)
    order = read_order(folder)
    lock = run_lock(folder)
    if not lock.acquire(whoami()):
        raise Refused(f"run {run} has an executor", hint=f"infctl runs undo {run}")
    try:
        journal = FileJournal(
            folder,
            run=order.run,
            plan_digest=order.plan.digest,
            actor=whoami(),
            clock=SystemClock(),
        )
        try:
            _close(journal, order.plan.to_json(), reason)
        finally:
            journal.close()
    finally:
        lock.release()


def _close(journal: FileJournal, plan: object, reason: str) -> None:
    if not journal.records():
        journal.append(Kind.PLAN, args=plan)
    view = fold(journal.records())
    if view.over:
        raise Refused(f"run {view.run} is over", hint=f"infctl runs show {view.run}")
    content = {
        "state": str(RunState.FAILED),
        "reason": f"abandoned: {reason}",
        "exit": int(Exit.FAILED),
    }
    journal.append(Kind.HEAD, result=content)
