"""Takes back what a run did, in reverse order, where the world is still as the run left it."""

import asyncio
import logging
from dataclasses import dataclass, field, fields, replace
from typing import Any

from infctl.engine.handler import Context, Handler
from infctl.engine.heirs import Heir, heir_of
from infctl.engine.journal import Journal
from infctl.engine.operations import find
from infctl.engine.permit import Permit, Unchecked
from infctl.engine.step import POLL
from infctl.engine.undo_data import check_aim
from infctl.errors import Frozen, InfctlError, JournalError, LeaseLost, Refused, Unmeasured
from infctl.model.journal import Kind
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation, Step
from infctl.model.run import RunView, StepState, StepView

_TOUCHED = frozenset(
    {
        StepState.DONE,
        StepState.FAILED,
        StepState.UNKNOWN,
        StepState.RUNNING,
        # Its act may stand, although nobody waited for the effect.
        StepState.SKIPPED,
    }
)
_SHORTEST = 60.0
"""Seconds: to take back may need longer than to do (a healed region has to start again)."""
_log = logging.getLogger(__name__)


def undo_order(view: RunView) -> list[StepView]:
    """The steps that left something to take back, the latest first.

    Steps that always run are those that heal and give back: taking them back would hurt again.
    """
    always = {s.id for s in view.plan.steps if s.always} if view.plan is not None else set()
    touched = [
        s for s in view.steps if s.state in _TOUCHED and s.undo is not None and s.id not in always
    ]
    return sorted(touched, key=lambda s: s.intent, reverse=True)


@dataclass(slots=True)
class Undoing:
    """Applies the undo operations that the journal holds; what is left over is the residue."""

    context: Context
    journal: Journal
    permit: Permit = field(default_factory=Unchecked)

    async def run(self, view: RunView) -> list[str]:
        """Take everything back; returns a sentence for each thing that could not be.

        Raises JournalError, LeaseLost and Frozen: what was not taken back yet still can be.
        """
        residue: list[str] = []
        if view.plan is None:
            return residue
        plan = view.plan
        for seen in undo_order(view):
            problem = await self._guarded(plan.step(seen.id), seen)
            if problem:
                residue.append(f"{seen.id}: {problem}")
        return residue

    async def _guarded(self, step: Step, seen: StepView) -> str:
        try:
            clock = self.context.world.clock
            async with asyncio.timeout(max(step.timeout, _SHORTEST)):
                return await self._undo(step, seen, clock.boottime() + max(step.timeout, _SHORTEST))
        except (JournalError, LeaseLost, Frozen):
            raise
        except TimeoutError:
            return f"not taken back within {max(step.timeout, _SHORTEST):g} s"
        except InfctlError as error:
            return error.what
        except Exception as error:
            _log.exception("undo of %s", step.id)
            return f"a bug in infctl: {type(error).__name__}"

    async def _undo(self, step: Step, seen: StepView, deadline: float) -> str:
        handler = find(step.operation.kind, step.operation.version)
        while True:
            try:
                heir = await heir_of(self.context, seen)
                if await self._is_as_before(step.operation, seen, heir):
                    self._done(seen, "as it was before already")
                    return ""
                outcome = await handler.untouched(self.context, step.operation)
                if outcome.word is Word.FAILED:
                    return "; ".join(("not as this run left it", *outcome.evidence))
                if outcome.word is Word.PASSED:
                    undo = read_undo(seen.undo)
                    undo = undo if heir is None else heir.inherit(undo)
                    await self._apply(step, seen, undo, deadline)
                    return handler.unsure(seen.before, step.operation.args)
            except Unmeasured as error:
                # An answer that did not come says nothing: look again until the deadline.
                _log.warning("undo of %s: %s", step.id, error.what)
            await self._pause(deadline)

    async def _is_as_before(self, operation: Operation, seen: StepView, heir: Heir | None) -> bool:
        handler = find(operation.kind, operation.version)
        now = await handler.observe(self.context, operation.args)
        if type(handler).observe is Handler.observe:
            return False
        if heir is not None:
            now = heir.as_former(now)
        return handler.restored(seen.before, now, operation.args)

    async def _apply(
        self, step: Step, seen: StepView, operation: Operation, deadline: float
    ) -> None:
        handler = find(operation.kind, operation.version)
        handler.check(operation.args)
        check_aim(step.operation, operation)
        key = f"{self.context.run}/{seen.id}/undo"
        await self.permit.check(replace(step, operation=operation))
        self.journal.append(
            Kind.UNDO_INTENT,
            step=seen.id,
            attempt=seen.attempt,
            key=key,
            # Whoever reads on sees what was promised, and beside it the heir that it is done to.
            args=_of_heir(seen, operation),
            undo=seen.undo,
        )
        await self.permit.publish(step)
        await handler.apply(self.context, operation, key)
        outcome = await self._observed(operation, deadline)
        self._done(seen, *outcome.evidence)

    async def _observed(self, operation: Operation, deadline: float) -> Outcome:
        handler = find(operation.kind, operation.version)
        while True:
            outcome = await handler.verify(self.context, operation)
            if outcome.word is Word.PASSED:
                return outcome
            await self._pause(deadline)

    async def _pause(self, deadline: float) -> None:
        """Between two looks; TimeoutError past the deadline, by the clock that is asked."""
        if self.context.world.clock.boottime() >= deadline:
            raise TimeoutError
        await self.context.world.clock.sleep(POLL)

    def _done(self, seen: StepView, *evidence: str) -> None:
        self.journal.append(
            Kind.UNDO_DONE,
            step=seen.id,
            attempt=seen.attempt,
            key=f"{self.context.run}/{seen.id}/undo",
            result={"evidence": list(evidence)},
        )


def _of_heir(seen: StepView, undo: Operation) -> dict[str, Any] | None:
    promised = seen.undo["args"].get("uid")
    return None if undo.args.get("uid") == promised else {"uid": undo.args["uid"]}


def read_undo(data: Any) -> Operation:
    """The undo as the journal holds it: typed data and nothing else.

    Raises Refused where it is anything else, or this infctl does not know its kind.
    """
    names = {f.name for f in fields(Operation)}
    is_whole = (
        isinstance(data, dict)
        and set(data) == names
        and isinstance(data["kind"], str)
        and type(data["version"]) is int
        and isinstance(data["args"], dict)
        and isinstance(data["region"], (str, type(None)))
        and isinstance(data["needs_control_plane"], bool)
    )
    if not is_whole:
        raise Refused("the journal's undo is not an operation", unchanged="nothing was taken back")
    find(data["kind"], data["version"])
    return Operation(**data)
