"""The step machine: starts what is ready, waits, pauses for people, undoes; the journal leads."""

import asyncio
from typing import Any, Literal

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.engine.graph import is_retried, problems_of, ready_steps
from infctl.engine.handler import Context
from infctl.engine.journal import Journal
from infctl.engine.operations import find
from infctl.engine.permit import Permit, Unchecked
from infctl.engine.step import StepProtocol
from infctl.engine.undo import Undoing
from infctl.errors import Frozen
from infctl.model.journal import Kind
from infctl.model.plan import Plan
from infctl.model.run import RunState, RunView, StepState

OnFailure = Literal["pause", "undo", "stop"]
TIMED_OUT = "its deadline passed"


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
        permit: Permit | None = None,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._decisions = decisions
        self._clock = context.world.clock
        self._began = self._clock.boottime()
        self._protocol = StepProtocol(context, journal, permit or Unchecked())
        self._undoing = Undoing(context, journal, permit or Unchecked())
        self._on_failure = on_failure
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._paused_by: Decision | None = None
        self._frozen: Frozen | None = None
        self._later: list[Decision] = []
        self._asked: asyncio.Task[Decision] | None = None
        # Steps whose effect must be read back first: a crash left them in the middle.
        self._doubted = {s.id for s in self.view().steps if s.state is StepState.UNKNOWN}

    def view(self) -> RunView:
        """The run as its journal tells it."""
        return self._journal.view()

    async def run(self) -> tuple[RunState, str]:
        """Run to an end; returns the final state and the reason for it.

        Raises JournalError and LeaseLost: then nothing more was done, and nothing may be.
        """
        try:
            for decision in self._decisions.take():
                # Decided before this executor began: nothing else may begin first.
                self._note(decision)
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
        if self._is_stopping(view):
            await self._stand_still()
            return None
        problems = [s.id for s in problems_of(self._plan, view)]
        if view.course != "forward":
            return await self._end_course(view, [p for p in problems if self._matters(view, p)])
        if problems:
            await self._meet(view, problems)
            return None
        return _completed(view)

    def _is_stopping(self, view: RunView) -> bool:
        return self._frozen is not None or (self._paused_by is not None and self._unfinished(view))

    async def _stand_still(self) -> None:
        """Nothing runs any more: say that the run is paused, and by what."""
        decision, self._paused_by = self._paused_by, None
        frozen, self._frozen = self._frozen, None
        reason = frozen.what if frozen is not None else _asked(decision)
        await self._pause(RunState.PAUSED_BY_OPERATOR, reason)

    def _start_ready(self, view: RunView) -> None:
        if self._frozen is not None:
            return
        if self._paused_by is not None and view.course == "forward":
            return
        for step in ready_steps(self._plan, view, self._doubted):
            if step.id not in self._tasks:
                self._doubted.discard(step.id)
                self._tasks[step.id] = asyncio.create_task(self._protocol.perform(step))

    async def _wait(self) -> None:
        """Until a step ends, somebody decides, or the run's own deadline passes."""
        asked, alarm = self._listen(), self._alarm()
        watched = {asked, *self._tasks.values(), *alarm}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            self._asked = None
            self._note(asked.result())
        for task in alarm:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._meet_deadline()
        for step_id, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[step_id]
                self._collect(task)

    def _listen(self) -> "asyncio.Task[Decision]":
        """The next decision, waited for by one task over many steps."""
        if self._asked is None:
            self._asked = asyncio.create_task(self._decisions.get())
        return self._asked

    async def _hear(self) -> Decision:
        decision = await self._listen()
        self._asked = None
        return decision

    def _collect(self, task: "asyncio.Task[None]") -> None:
        """What a step's task raised; a freeze only stops the run where it is."""
        if task.cancelled():
            return
        try:
            task.result()
        except Frozen as frozen:
            self._frozen = frozen

    def _alarm(self) -> "set[asyncio.Task[Any]]":
        if not self._plan.deadline or self.view().course != "forward":
            return set()
        left = self._plan.deadline - (self._clock.boottime() - self._began)
        return {asyncio.create_task(self._clock.sleep(max(0.0, left)))}

    def _meet_deadline(self) -> None:
        passed = self._clock.boottime() - self._began
        is_late = bool(self._plan.deadline) and passed >= self._plan.deadline
        if is_late and self.view().course == "forward":
            reason = f"{TIMED_OUT}: {self._plan.deadline:g} s"
            self._decide(Decision(Verb.STOP, by="plan", reason=reason))

    def _note(self, decision: Decision) -> None:
        """A decision while steps run: it takes effect at the next step's edge."""
        if decision.verb is Verb.PAUSE:
            self._paused_by = decision
            running = ", ".join(self._tasks) or "nothing"
            reason = f"pausing, {_asked(decision)}: after {running}"
            self._journal.append(Kind.PAUSE, args={"state": "running", "reason": reason})
        elif decision.verb is Verb.RESUME:
            self._paused_by = None
        elif decision.verb is Verb.ANSWER:
            self._answer(decision)
        elif decision.verb in (Verb.STOP, Verb.UNDO):
            self._paused_by = None
            self._decide(decision)
        else:
            # About steps that failed: when those that still run have ended.
            self._later.append(decision)

    def _answer(self, decision: Decision) -> None:
        args = {"answer": decision.reason, "by": decision.by}
        self._journal.append(Kind.APPROVE, step=decision.step or None, args=args)

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
        wanted = {self._plan.step(p).on_failure or self._on_failure for p in problems}
        for verb in ("pause", "stop", "undo", "skip"):
            # The most careful of them, where several steps did not work.
            if verb in wanted:
                break
        if verb == "pause":
            seen = [view.step(p) for p in problems]
            is_conflict = any(s.state is StepState.UNKNOWN or s.conflict for s in seen)
            state = RunState.PAUSED_BY_CONFLICT if is_conflict else RunState.PAUSED_BY_FAILED_STEP
            await self._pause(state, reason)
            return
        decision = Decision(Verb(verb), by="plan", reason=reason)
        if verb == "skip":
            self._skip(decision, problems)
        self._decide(decision)

    async def _pause(self, state: RunState, reason: str) -> None:
        self._journal.append(Kind.PAUSE, args={"state": str(state), "reason": reason})
        while True:
            decision = self._later.pop(0) if self._later else await self._hear()
            if self._take(decision):
                return

    def _take(self, decision: Decision) -> bool:
        """Act on a decision while paused; False where it decides nothing."""
        view = self.view()
        problems = [s for s in problems_of(self._plan, view) if decision.step in ("", s.id)]
        if decision.verb is Verb.ANSWER:
            self._answer(decision)
            return False
        is_stuck = bool(problems) and view.course == "forward"
        if decision.verb is Verb.PAUSE or (decision.verb is Verb.RESUME and is_stuck):
            return False
        if decision.verb in (Verb.SKIP, Verb.UNGRACEFUL):
            self._skip(decision, [s.id for s in problems])
        if decision.verb is Verb.RETRY:
            self._doubted = {s.id for s in problems if s.state is StepState.UNKNOWN}
        self._decide(decision)
        return True

    def _skip(self, decision: Decision, steps: list[str]) -> None:
        """Go on without a step's effect; ungracefully where its act stands and is not awaited."""
        for step_id in steps:
            operation = self._plan.step(step_id).operation
            words = f"skipped by {decision.by}: {decision.reason}"
            if decision.verb is Verb.UNGRACEFUL:
                loss = find(operation.kind, operation.version).loss(operation.args)
                words = f"gone on ungracefully by {decision.by}: {loss}"
            self._journal.append(Kind.SKIP, step=step_id, result={"evidence": [words]})
            self._doubted.discard(step_id)

    def _decide(self, decision: Decision) -> None:
        args = {"decision": str(decision.verb), "by": decision.by, "reason": decision.reason}
        if decision.step:
            args["step"] = decision.step
        self._journal.append(Kind.RESUME, args=args)

    async def _end_course(self, view: RunView, problems: list[str]) -> tuple[RunState, str] | None:
        reason = "; ".join(f"{p}: {_last(view, p)}" for p in problems)
        if view.course == "stop":
            ended = RunState.TIMED_OUT if view.turned.startswith(TIMED_OUT) else RunState.CANCELLED
            return RunState.FAILED if problems else ended, reason or f"stopped: {view.turned}"
        try:
            residue = await self._undoing.run(view)
        except Frozen as frozen:
            self._frozen = frozen
            return None
        if residue:
            return RunState.FAILED, f"{reason}; left over: {'; '.join(residue)}".lstrip("; ")
        return RunState.ROLLED_BACK, reason or f"taken back: {view.turned}"

    def _matters(self, view: RunView, step_id: str) -> bool:
        """A wait that was left because the run turned back is no problem of its own."""
        operation = self._plan.step(step_id).operation
        changes = find(operation.kind, operation.version).changes
        return changes or view.step(step_id).state is StepState.FAILED

    def _unfinished(self, view: RunView) -> bool:
        """Whether steps are still to come: those that wait, and those that are tried again."""
        return any(
            seen.state is StepState.WAITING or is_retried(step, seen)
            for step, seen in zip(self._plan.steps, view.steps, strict=True)
        )

    async def _cancel_tasks(self) -> None:
        self._protocol.is_ending = True
        tasks: list[asyncio.Task[Any]] = list(self._tasks.values())
        tasks += [self._asked] if self._asked is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _asked(decision: Decision | None) -> str:
    """Who wants a pause, or why."""
    if decision is None:
        return "asked"
    return decision.reason or f"asked by {decision.by}"


def _completed(view: RunView) -> tuple[RunState, str]:
    skipped = [s.id for s in view.steps if s.state is StepState.SKIPPED]
    if skipped:
        return RunState.COMPLETED_WITH_EXCEPTIONS, f"skipped: {', '.join(skipped)}"
    return RunState.COMPLETED, ""


def _last(view: RunView, step_id: str) -> Any:
    evidence = view.step(step_id).evidence
    return "; ".join(evidence) or "no evidence"
