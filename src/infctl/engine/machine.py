"""The step machine: starts what is ready, waits, pauses for people, undoes; the journal leads."""

import asyncio
import contextlib
from typing import Any, Literal

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.handler import Context
from infctl.engine.journal import Journal
from infctl.engine.operations import find
from infctl.engine.step import StepProtocol
from infctl.engine.undo import Undoing
from infctl.model.journal import Kind
from infctl.model.plan import Plan, Step
from infctl.model.run import RunState, RunView, StepState, fold

OnFailure = Literal["pause", "undo", "stop"]
_PROBLEMS = frozenset({StepState.FAILED, StepState.UNKNOWN})
_PASSABLE = frozenset({StepState.DONE, StepState.SKIPPED})


class Machine:
    """Runs one plan. Everything it knows it reads from the journal, so a crash loses nothing."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        context: Context,
        decisions: Decisions,
        *,
        on_failure: OnFailure = "pause",
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._decisions = decisions
        self._protocol = StepProtocol(context, journal)
        self._undoing = Undoing(context, journal)
        self._on_failure = on_failure
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._paused_by: Decision | None = None
        # Steps whose effect must be read back first: a crash left them in the middle.
        self._doubted = {s.id for s in self.view().steps if s.state is StepState.UNKNOWN}

    def view(self) -> RunView:
        """The run as its journal tells it."""
        return fold(self._journal.records())

    async def run(self) -> tuple[RunState, str]:
        """Run to an end; returns the final state and the reason for it."""
        try:
            while True:
                ended = await self._advance()
                if ended is not None:
                    return ended
        finally:
            await self._cancel_tasks()

    async def _advance(self) -> tuple[RunState, str] | None:
        view = self.view()
        if view.course != "forward":
            self._leave_waits()
        self._start_ready(view)
        if self._tasks:
            await self._wait()
            return None
        if self._paused_by is not None and self._unfinished(view):
            decision, self._paused_by = self._paused_by, None
            await self._pause(RunState.PAUSED_BY_OPERATOR, f"asked by {decision.by}")
            return None
        problems = [s.id for s in view.steps if s.state in _PROBLEMS]
        if view.course != "forward":
            return await self._end_course(view, [p for p in problems if self._matters(view, p)])
        if problems:
            await self._meet(view, problems)
            return None
        return _completed(view)

    def _start_ready(self, view: RunView) -> None:
        if self._paused_by is not None and view.course == "forward":
            return
        for step in ready_steps(self._plan, view, self._doubted):
            if step.id not in self._tasks:
                self._doubted.discard(step.id)
                self._tasks[step.id] = asyncio.create_task(self._protocol.perform(step))

    async def _wait(self) -> None:
        """Until a step ends or somebody decides."""
        asked = asyncio.create_task(self._decisions.get())
        await asyncio.wait({asked, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            self._note(asked.result())
        else:
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asked
        for step_id, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[step_id]
                if not task.cancelled():
                    task.result()

    def _note(self, decision: Decision) -> None:
        """A decision while steps run: it takes effect at the next step's edge."""
        if decision.verb is Verb.PAUSE:
            self._paused_by = decision
        elif decision.verb is Verb.RESUME:
            self._paused_by = None
        elif decision.verb in (Verb.STOP, Verb.UNDO):
            self._paused_by = None
            self._decide(decision)

    def _leave_waits(self) -> None:
        """Interrupt the running steps that change nothing: nobody needs their answer now."""
        for step_id, task in self._tasks.items():
            step = self._plan.step(step_id)
            is_wait = not find(step.operation.kind, step.operation.version).changes
            if is_wait and not step.always:
                task.cancel()

    async def _meet(self, view: RunView, problems: list[str]) -> None:
        """Some steps did not work: pause, or do what was decided beforehand."""
        reason = "; ".join(f"{p}: {_last(view, p)}" for p in problems)
        if self._on_failure != "pause":
            self._decide(Decision(Verb(self._on_failure), by="plan", reason=reason))
            return
        unknown = any(view.step(p).state is StepState.UNKNOWN for p in problems)
        state = RunState.PAUSED_BY_CONFLICT if unknown else RunState.PAUSED_BY_FAILED_STEP
        await self._pause(state, reason)

    async def _pause(self, state: RunState, reason: str) -> None:
        self._journal.append(Kind.PAUSE, args={"state": str(state), "reason": reason})
        while True:
            decision = await self._decisions.get()
            if self._take(decision):
                return

    def _take(self, decision: Decision) -> bool:
        """Act on a decision while paused; False where it decides nothing."""
        problems = [s for s in self.view().steps if s.state in _PROBLEMS]
        if decision.verb is Verb.PAUSE or (decision.verb is Verb.RESUME and problems):
            return False
        if decision.verb is Verb.SKIP:
            for step in problems:
                evidence = [f"skipped by {decision.by}: {decision.reason}"]
                self._journal.append(Kind.SKIP, step=step.id, result={"evidence": evidence})
        if decision.verb is Verb.RETRY:
            self._doubted = {s.id for s in problems if s.state is StepState.UNKNOWN}
        self._decide(decision)
        return True

    def _decide(self, decision: Decision) -> None:
        args = {"decision": str(decision.verb), "by": decision.by, "reason": decision.reason}
        self._journal.append(Kind.RESUME, args=args)

    async def _end_course(self, view: RunView, problems: list[str]) -> tuple[RunState, str]:
        reason = "; ".join(f"{p}: {_last(view, p)}" for p in problems)
        if view.course == "stop":
            state = RunState.FAILED if problems else RunState.CANCELLED
            return state, reason or f"stopped: {view.turned}"
        residue = await self._undoing.run(view)
        if residue:
            return RunState.FAILED, f"{reason}; left over: {'; '.join(residue)}".lstrip("; ")
        return RunState.ROLLED_BACK, reason or f"taken back: {view.turned}"

    def _matters(self, view: RunView, step_id: str) -> bool:
        """A wait that was left because the run turned back is no problem of its own."""
        operation = self._plan.step(step_id).operation
        changes = find(operation.kind, operation.version).changes
        return changes or view.step(step_id).state is StepState.FAILED

    def _unfinished(self, view: RunView) -> bool:
        return any(s.state is StepState.WAITING for s in view.steps)

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def ready_steps(plan: Plan, view: RunView, doubted: set[str]) -> list[Step]:
    """The steps that may start now. Pure.

    Forward, a step starts when those before it are done or skipped, and nothing starts while a
    problem waits for a decision. On any other course only steps that always run do, where what they
    revert has begun, each when those before it will certainly do nothing more.
    """
    states = {s.id: s.state for s in view.steps}
    problems = {s for s, state in states.items() if state in _PROBLEMS and s not in doubted}
    if view.course == "forward" and problems:
        return []
    startable = [s for s in plan.steps if states[s.id] is StepState.WAITING or s.id in doubted]
    if view.course == "forward":
        return [s for s in startable if all(states[a] in _PASSABLE for a in s.after)]
    always = {
        s.id
        for s in plan.steps
        if s.always and not (s.reverts and states[s.reverts] is StepState.WAITING)
    }

    def over(step_id: str) -> bool:
        if states[step_id] is StepState.WAITING:
            return step_id not in always
        return states[step_id] is not StepState.RUNNING and step_id not in doubted

    return [s for s in startable if s.id in always and all(over(a) for a in s.after)]


def _completed(view: RunView) -> tuple[RunState, str]:
    skipped = [s.id for s in view.steps if s.state is StepState.SKIPPED]
    if skipped:
        return RunState.COMPLETED_WITH_EXCEPTIONS, f"skipped: {', '.join(skipped)}"
    return RunState.COMPLETED, ""


def _last(view: RunView, step_id: str) -> Any:
    evidence = view.step(step_id).evidence
    return "; ".join(evidence) or "no evidence"
