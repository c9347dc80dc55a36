"""What several bad engines share: the engine with one of its parts exchanged."""

from typing import Any

from infctl.engine.machine import Machine
from infctl.engine.step import StepProtocol, _Attempt
from infctl.errors import Frozen, InfctlError, JournalError, LeaseLost
from infctl.model.journal import Kind
from infctl.model.plan import Step


class SpoiledProtocol(StepProtocol):
    """The protocol with another kind of attempt."""

    attempt: type[_Attempt] = _Attempt

    async def perform(self, step: Step) -> None:
        attempt = self.attempt(self.context, self.journal, self.permit, step)
        await attempt.back_off()
        try:
            await attempt.run()
        except (JournalError, LeaseLost, Frozen):
            raise
        except InfctlError as error:
            attempt.give_up(error)
        except TimeoutError:
            attempt.write(Kind.FAILED, evidence=("no answer",))


def machine_with(attempt: type[_Attempt]) -> Any:
    """A machine whose steps are carried out by `attempt`."""

    class Protocol(SpoiledProtocol):
        pass

    Protocol.attempt = attempt

    def make(plan: Any, journal: Any, context: Any, decisions: Any, **rest: Any) -> Machine:
        machine = Machine(plan, journal, context, decisions, **rest)
        machine._protocol = Protocol(context, journal, rest["permit"])
        return machine

    return make


def machine_undoing(undoing: type[Any]) -> Any:
    """A machine that takes back by `undoing`."""

    def make(plan: Any, journal: Any, context: Any, decisions: Any, **rest: Any) -> Machine:
        machine = Machine(plan, journal, context, decisions, **rest)
        machine._undoing = undoing(context, journal, rest["permit"])
        return machine

    return make
