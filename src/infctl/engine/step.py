"""The protocol of one step: observe, intent on disk, act, read back, result on disk."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infctl.engine.handler import Context, Handler
from infctl.engine.journal import Journal
from infctl.engine.operations import find
from infctl.engine.permit import Permit, Unchecked
from infctl.errors import Conflict, Frozen, InfctlError, JournalError, LeaseLost, Unmeasured
from infctl.model.journal import Kind
from infctl.model.outcome import Outcome, Word
from infctl.model.plan import Operation, Step
from infctl.model.run import StepState

POLL = 0.5
_MAX_SENDS = 3
_LONGEST_BACKOFF = 100.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Lost(Exception):
    """The act was sent, and no answer came: whether it took effect must be read back."""


@dataclass(slots=True)
class StepProtocol:
    """Performs steps one by one against the world, writing each stage to the journal."""

    context: Context
    journal: Journal
    permit: Permit = field(default_factory=Unchecked)
    is_ending: bool = False

    async def perform(self, step: Step) -> None:
        """Carry one step to done, failed or unknown.

        Raises JournalError, LeaseLost and Frozen: nothing more may be done then.
        """
        attempt = _Attempt(self.context, self.journal, self.permit, step)
        await attempt.back_off()
        try:
            await attempt.run()
        except (JournalError, LeaseLost, Frozen):
            raise
        except asyncio.CancelledError:
            attempt.interrupt(self.is_ending)
            raise
        except InfctlError as error:
            attempt.give_up(error)
        except Exception as error:
            # A bug in one operation must not keep others from healing.
            _log.exception("step %s", step.id)
            kind = Kind.UNKNOWN if attempt.is_acting else Kind.FAILED
            attempt.write(kind, evidence=(f"a bug in infctl: {type(error).__name__}",))


class _Attempt:
    """One attempt at one step, with its deadline."""

    def __init__(self, context: Context, journal: Journal, permit: Permit, step: Step) -> None:
        self.context = context
        self.journal = journal
        self.permit = permit
        self.step = step
        self.operation: Operation = step.operation
        self.handler: Handler = find(self.operation.kind, self.operation.version)
        self.clock = context.world.clock
        self.deadline = self.clock.boottime() + step.timeout
        self.seen = context.step(step.id)
        self.number = self.seen.attempt + 1
        self.key = f"{context.run}/{step.id}"
        self.has_begun = False
        self.is_acting = False
        self.is_doubtful = self.seen.state is StepState.UNKNOWN and self.handler.changes

    async def back_off(self) -> None:
        """Wait before a step that failed is tried again: 1 s, 2 s, 4 s and so on."""
        if self.seen.state is StepState.FAILED:
            pause = min(_LONGEST_BACKOFF, 2.0 ** (self.seen.attempt - 1))
            await self.clock.sleep(pause)
            self.deadline = self.clock.boottime() + self.step.timeout

    async def run(self) -> None:
        """The protocol of design.md, section 4, point 5."""
        if self.is_doubtful and await self._settled():
            return
        before = self.seen.before if self._has_acted() else await self._observe()
        undo = self.handler.undo(before, self.operation.args)
        if self.handler.changes:
            await self.permit.check(self.step)
        self.journal.append(
            Kind.INTENT,
            step=self.step.id,
            attempt=self.number,
            key=self.key,
            before=before,
            args={"kind": self.operation.kind, "version": self.operation.version},
            undo=None if undo is None else _plain(undo),
        )
        self.has_begun = True
        await self._act(before)

    def interrupt(self, is_ending: bool) -> None:
        """What is known of a step that was left: nothing new, where it had not begun.

        One that changes nothing goes on waiting where only its executor ends.
        """
        if self.has_begun and (self.handler.changes or not is_ending):
            evidence = ("interrupted: what became of it is not known",)
            self.write(Kind.UNKNOWN, evidence=evidence)

    def give_up(self, error: InfctlError) -> None:
        """What an error says of the step: failed, or not known where an earlier act is in doubt."""
        if self.is_doubtful:
            self.write(Kind.UNKNOWN, evidence=(error.what,))
            return
        self.write(Kind.FAILED, evidence=(error.what,), conflict=isinstance(error, Conflict))

    def _has_acted(self) -> bool:
        """Whether an earlier attempt may have changed something: what was before it, counts."""
        if not self.handler.changes or self.seen.intent == 0:
            return False
        return self.seen.sent or not self.seen.conflict

    async def _observe(self) -> Any:
        try:
            return await self._within(self.handler.observe(self.context, self.operation.args))
        except TimeoutError as error:
            late = f"what is there could not be read within {self.step.timeout:g} s"
            raise Unmeasured(late, unchanged="the step has not begun") from error

    async def _settled(self) -> bool:
        """After a crash past the intent: whether the effect, read back, decides the step."""
        outcome = await self._judged(self.handler.whole(self.context, self.operation))
        if outcome.word is Word.PASSED:
            self.write(Kind.OBSERVED, evidence=outcome.evidence)
            self.write(Kind.DONE, evidence=outcome.evidence)
            return True
        now = await self._observe()
        if self._is_restored(self.seen.before, now) or self.handler.completes:
            self.is_doubtful = False
            return False
        self.write(Kind.UNKNOWN, evidence=("neither as before nor as wanted", *outcome.evidence))
        return True

    async def _act(self, before: Any) -> None:
        for _ in range(_MAX_SENDS):
            if self.handler.changes:
                # Also before an act is sent again: the lease may have passed meanwhile.
                await self.permit.publish(self.step)
            try:
                await self._send()
                break
            except Lost as lost:
                self.is_doubtful = self.handler.changes
                self.write(Kind.UNKNOWN, evidence=(str(lost),))
            if not await self._as_before(before):
                break
        await self._read_back()

    async def _send(self) -> None:
        self.is_acting = self.handler.changes
        try:
            result = await self._within(self.handler.apply(self.context, self.operation, self.key))
        except (Unmeasured, TimeoutError) as error:
            raise Lost(_sentence(error)) from error
        self.is_doubtful = False
        self.write(Kind.SENT, result=result)

    async def _as_before(self, before: Any) -> bool:
        """Whether the lost act certainly had no effect, so that it may be sent again."""
        try:
            now = await self._observe()
        except InfctlError:
            return False
        return self._is_restored(before, now) and self.clock.boottime() < self.deadline

    def _is_restored(self, before: Any, now: Any) -> bool:
        return self.handler.restored(before, now, self.operation.args)

    async def _read_back(self) -> None:
        while True:
            outcome = await self._verify()
            if outcome.word is Word.PASSED:
                self.write(Kind.DONE, evidence=outcome.evidence)
                return
            if self.clock.boottime() >= self.deadline:
                break
            await self.clock.sleep(POLL)
        late = f"not observed within {self.step.timeout:g} s"
        is_unknown = outcome.word is Word.ERRORED and self.handler.changes
        kind = Kind.UNKNOWN if is_unknown else Kind.FAILED
        self.write(kind, evidence=(late, *outcome.evidence))

    async def _verify(self) -> Outcome:
        return await self._judged(self.handler.verify(self.context, self.operation))

    async def _judged(self, question: Awaitable[Outcome]) -> Outcome:
        try:
            return await self._within(question)
        except Unmeasured as error:
            return Outcome(Word.ERRORED, (error.what,))
        except TimeoutError:
            return Outcome(Word.ERRORED, ("no answer before the deadline",))

    async def _within(self, question: Awaitable[T]) -> T:
        left = max(0.1, self.deadline - self.clock.boottime())
        # wait_for of Python 3.11 can lose a cancellation; this cannot.
        async with asyncio.timeout(left):
            return await question

    def write(
        self,
        kind: Kind,
        *,
        evidence: tuple[str, ...] = (),
        result: Any = None,
        conflict: bool = False,
    ) -> None:
        """One record about this step."""
        found = result if kind is Kind.SENT else {"evidence": list(evidence)}
        if conflict:
            found["conflict"] = True
        self.journal.append(
            kind, step=self.step.id, attempt=self.number, key=self.key, result=found
        )


def _plain(operation: Operation) -> dict[str, Any]:
    return {
        "kind": operation.kind,
        "version": operation.version,
        "args": dict(operation.args),
        "region": operation.region,
        "needs_control_plane": operation.needs_control_plane,
    }


def _sentence(error: BaseException) -> str:
    if isinstance(error, InfctlError):
        return error.what
    return "no answer before the deadline"
