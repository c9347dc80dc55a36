"""Watches runs through their journals; never touches them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from infctl.engine.graph import problems_of
from infctl.engine.journal import JournalReader, read_journal, spill_path
from infctl.engine.operations import find
from infctl.engine.unfinished import describe_run
from infctl.errors import InfctlError, UsageError
from infctl.executor.damage import order_here, settle_hint
from infctl.executor.folders import find_folder, run_ids, run_lock, runs_folder
from infctl.executor.listing import ended_view, folded, open_runs
from infctl.executor.living import Executor, executor_of
from infctl.executor.order import PLAN_FILE
from infctl.model.plan import Plan, Step
from infctl.model.run import PAUSED, RunState, RunView, StepState, StepView

POLL = 0.15
_START_SECONDS = 5.0
_TAIL = 64 * 1024
_SILENCE_STEP = 10.0
_WITHOUT = "without "
"""How somebody says which evidence a judgement goes on without."""


def is_alive(folder: Path) -> bool:
    """Whether an executor holds this run."""
    return bool(run_lock(folder).holder())


def read_run(run: str) -> RunView:
    """A run as it is now; without an executor in the middle of something it is in doubt."""
    folder = find_folder(run)
    executor = executor_of(folder)
    try:
        view = folded(read_journal(folder))
    except InfctlError as error:
        return RunView(run=folder.name, state=RunState.IN_DOUBT, reason=error.what)
    view = replace(view, run=folder.name, notes=view.notes + _spilled(folder))
    if executor is None and not view.seq and _is_new(folder):
        return view
    return doubt(view, executor)


def silence_of(run: str) -> str:
    """For how long its executor has not been heard, where that is too long; else nothing."""
    executor = executor_of(runs_folder() / run)
    return executor.silence() if executor is not None and executor.is_silent else ""


def _is_new(folder: Path) -> bool:
    """Whether its executor may only be starting."""
    try:
        return time.time() - (folder / PLAN_FILE).lstat().st_mtime < _START_SECONDS
    except OSError:
        return False


def _spilled(folder: Path) -> tuple[str, ...]:
    """Where the run's last records are, if its own disk took none."""
    path = spill_path(folder.name)
    return (f"its last records are in {path}",) if path is not None and path.is_file() else ()


def doubt(view: RunView, executor: Executor | None, every: float = 1.0) -> RunView:
    """The view, in doubt where nobody is known to carry the run on. Pure.

    `every`: how finely the seconds are told for which an executor was not heard.
    """
    if view.over or (executor is not None and not executor.is_silent):
        return view
    if view.state in PAUSED:
        told = () if executor is None else (executor.doubt(every),)
        return replace(view, notes=view.notes + told)
    if executor is not None:
        return replace(view, state=RunState.IN_DOUBT, reason=executor.doubt(every))
    reason = view.reason if view.state is RunState.IN_DOUBT else ""
    return replace(view, state=RunState.IN_DOUBT, reason=reason or "its executor is gone")


def losses(view: RunView, step: str = "") -> list[str]:
    """What going on ungracefully would lose, a sentence for each step that waits for a decision."""
    if view.plan is None:
        return []
    found = []
    for seen in problems_of(view.plan, view):
        if step in ("", seen.id):
            operation = view.plan.step(seen.id).operation
            loss = find(operation.kind, operation.version).loss(operation.args)
            found.append(f"{seen.id}: {loss}")
    return found


def question_of(view: RunView, step: str, answer: str) -> str:
    """The step that waits for this answer; UsageError where none does or it offers others."""
    asking = [
        s
        for s, seen in zip(view.plan.steps if view.plan else (), view.steps, strict=True)
        if _asks(s, seen) and step in ("", s.id)
    ]
    if len(asking) != 1:
        raise UsageError(
            f"{len(asking)} steps of run {view.run} wait for an answer",
            hint=f"infctl runs show {view.run}; name one with --step",
        )
    args = asking[0].operation.args
    if asking[0].operation.kind == "judge":
        named = {n.strip() for n in answer.removeprefix(_WITHOUT).split(",")}
        if not answer.startswith(_WITHOUT) or not named <= set(args["signals"]):
            names = ", ".join(args["signals"])
            raise UsageError(f"{asking[0].id} can go on {_WITHOUT}one or more of: {names}")
        return asking[0].id
    offered = [str(a) for a in args.get("answers", ())]
    if answer not in offered:
        raise UsageError(f"{asking[0].id} offers {', '.join(offered)}")
    return asking[0].id


def _asks(step: Step, seen: StepView) -> bool:
    """A question that is open, or a judgement that may go on without evidence, also once failed."""
    operation = step.operation
    if operation.kind == "judge":
        may_go_on = operation.args.get("on_blind") == "continue_after_ack"
        return may_go_on and seen.state in (StepState.RUNNING, StepState.FAILED)
    return operation.kind == "ask" and seen.state is StepState.RUNNING


def list_runs(most: int | None = None) -> list[RunView]:
    """The newest runs, all of them by default; those that are over come without their steps."""
    return [ended_view(run) or read_run(run) for run in run_ids()[:most]]


def count_runs() -> int:
    """How many runs there are."""
    return len(run_ids())


def unfinished_runs(environment: str) -> dict[str, str]:
    """The runs of an environment that have not ended, with a sentence about each.

    A run whose environment nobody can tell stands in the way of every one.
    """
    found = {}
    for view in map(read_run, open_runs()):
        plan = plan_of(view)
        if view.over or (plan is not None and plan.environment != environment):
            continue
        is_damaged = view.plan is None and view.state is RunState.IN_DOUBT and view.seq == 0
        hint = settle_hint(view.run) if is_damaged else ""
        whole = replace(view, plan=plan)
        found[view.run] = describe_run(whole, run=view.run, elsewhere=False, hint=hint)
    return found


def plan_of(view: RunView) -> Plan | None:
    """The run's plan, by its order where its journal does not tell it."""
    if view.plan is not None or view.run not in run_ids():
        return view.plan
    order = order_here(runs_folder() / view.run)
    return None if order is None else order.plan


def latest_run() -> str | None:
    """The id of a run that has not ended, else of the newest; None where there are none."""
    unfinished = (run for run in open_runs() if not read_run(run).over)
    return next(unfinished, next(iter(run_ids()), None))


async def follow(run: str) -> AsyncIterator[RunView]:
    """The run's views, the present one first, then one after each change, until it is over.

    Ends as well when its executor is gone: the last view then says in_doubt, or how it is paused.
    """
    folder = runs_folder() / run
    reader = JournalReader(folder)
    view = RunView(run=run)
    waited = 0.0
    last: RunView | None = None
    try:
        while True:
            executor = executor_of(folder)
            view = folded(reader.fresh(), view)
            if not view.run:
                view = replace(view, run=run)
            is_starting = view.seq == 0 and waited < _START_SECONDS
            shown = view if is_starting else doubt(view, executor, _SILENCE_STEP)
            if shown != last:
                yield shown
                last = shown
            if view.over or (executor is None and not is_starting):
                return
            await asyncio.sleep(POLL)
            waited += POLL
    finally:
        reader.close()


def log_tail(folder: Path, lines: int = 5) -> list[str]:
    """The last lines of the executor's log."""
    try:
        descriptor = os.open(folder / "executor.log", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return []
    with os.fdopen(descriptor, "rb") as file:
        file.seek(max(0, os.fstat(descriptor).st_size - _TAIL))
        return file.read(_TAIL).decode(errors="replace").splitlines()[-lines:]
