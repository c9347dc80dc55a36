"""An operation whose every answer a test can write beforehand, and one step's life with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from toy_run import MemoryJournal, begin
from toy_world import Toy

from infctl.engine import operations
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.step import StepProtocol
from infctl.model.journal import Kind
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunView, StepView, fold

SET = Operation("puppet", {"to": 5}, region="eu-west-1")
STEP = Step("s", SET, timeout=5.0)


class Puppet(Handler):
    """Sets one value. `answers` holds, by question, what comes instead of the usual answers."""

    kind = "puppet"

    def __init__(self) -> None:
        self.value: Any = 2
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[str] = []

    def undo(self, before: Any, args: Args) -> Operation | None:
        del args
        return None if before == 5 else Operation("puppet", {"to": before}, region="eu-west-1")

    async def observe(self, context: Context, args: Args) -> Any:
        return await self._answer("observe", lambda: self.value)

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        self.asked.append(key)
        return await self._answer("apply", lambda: self.act(operation))

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        outcome: Outcome = await self._answer("verify", lambda: self._judge(operation))
        return outcome

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        outcome: Outcome = await self._answer("whole", lambda: self._judge(operation))
        return outcome

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        outcome: Outcome = await self._answer("untouched", lambda: self._judge(operation))
        return outcome

    def act(self, operation: Operation) -> Any:
        self.value = operation.args["to"]
        return {"set": self.value}

    def _judge(self, operation: Operation) -> Outcome:
        say = passed if self.value == operation.args["to"] else not_yet
        return say(f"is {self.value}")

    async def _answer(self, question: str, usual: Callable[[], Any]) -> Any:
        self.asked.append(question)
        answers = self.answers.get(question)
        if not answers:
            return usual()
        # The last one holds from then on.
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            found = answer()
            return await found if hasattr(found, "__await__") else found
        return answer


class Waiting(Puppet):
    """One that changes nothing."""

    changes = False


class Completing(Puppet):
    """One that may be applied again to what is half done."""

    completes = True


@dataclass
class Leave:
    """A permit that remembers what it was asked, with errors to come by number of question."""

    asked: list[str] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)

    async def check(self, step: Step) -> None:
        self._ask(f"check {step.id} {step.operation.args['to']}")

    async def publish(self, step: Step) -> None:
        self._ask(f"publish {step.id}")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if len(self.asked) in self.errors:
            raise self.errors[len(self.asked)]


class Life:
    """One step over the toy's clock, its journal in memory."""

    def __init__(
        self, patch: pytest.MonkeyPatch, puppet: Puppet | None = None, step: Step = STEP
    ) -> None:
        self.puppet = puppet or Puppet()
        patch.setitem(operations._HANDLERS, ("puppet", 1), self.puppet)
        self.toy = Toy()
        self.step = step
        self.journal: MemoryJournal = begin(self.toy, Plan("p", "p", "lab", (step,)))
        self.leave = Leave()
        self.begun = self.toy.clock.now
        self.known = len(self.journal.written)

    def view(self) -> RunView:
        return fold(self.journal.records())

    def seen(self) -> StepView:
        return self.view().step(self.step.id)

    def context(self) -> Context:
        return Context(self.toy.world(), Path("/nowhere"), "toy", "tester", self.view)

    def protocol(self) -> StepProtocol:
        return StepProtocol(self.context(), self.journal, self.leave)

    async def perform(self) -> None:
        self.known = len(self.journal.written)
        self.puppet.asked.clear()
        self.begun = self.toy.clock.now
        await self.protocol().perform(self.step)

    def crash(self, before: Any = 2) -> None:
        """The journal of an executor that died after an intent, and the next one's lease."""
        self.journal.append(Kind.INTENT, step="s", attempt=1, before=before)
        self.journal.append(Kind.LEASE, args={"pid": 2})
        self.known = len(self.journal.written)

    def written(self) -> list[tuple[str, Any]]:
        """The kinds of the new records, with what they found."""
        return [(r.kind, r.result) for r in self.journal.written[self.known :]]

    def took(self) -> float:
        return self.toy.clock.now - self.begun


def said(*evidence: str) -> dict[str, Any]:
    """A record's evidence."""
    return {"evidence": list(evidence)}
