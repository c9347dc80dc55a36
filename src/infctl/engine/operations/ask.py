"""ask: a question to the operator; the run waits for a named answer, or takes the safe one."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.own_step import digest_of, own_step
from infctl.errors import ConfigurationError, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation

KIND = "ask"


class Ask(Handler):
    """Args: question, answers, goes_on (those after which the run goes on), safe, deadline.

    Any other answer fails the step, and the plan says what that means. After `deadline` seconds
    `safe` is taken for the answer; a new executor counts them anew.
    """

    kind = KIND
    changes = False
    reversible = False
    waits_for_people = True

    def check(self, args: Args) -> None:
        """The safe answer and those that go on are among those that are offered."""
        answer = arguments.text(80)
        rules = {
            "question": arguments.text(1000),
            "answers": arguments.list_of(answer, least=2, most=9),
            "goes_on": arguments.list_of(answer, most=9),
            "safe": answer,
            "deadline": arguments.number(1, 7 * 86400),
        }
        arguments.check_arguments(KIND, args, rules)
        if not {args["safe"], *args["goes_on"]} <= set(args["answers"]):
            raise ConfigurationError(
                f"{KIND}: `safe` and `goes_on` must be among the answers",
                unchanged="nothing was done",
            )

    def touches(self, args: Args) -> tuple[str, ...]:
        """Nothing."""
        del args
        return ()

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """From now the deadline counts."""
        del key
        context.memory[_memory(operation)] = context.world.clock.boottime()

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Passed by an answer that goes on; any other ends the step at once."""
        args = operation.args
        now = context.world.clock.boottime()
        waited = now - context.memory.setdefault(_memory(operation), now)
        answer = context.view().answers.get(own_step(context, KIND, args))
        if answer not in args["answers"]:
            if waited < args["deadline"]:
                left = args["deadline"] - waited
                return not_yet(f"{args['question']} ({left:.0f} s left, then: {args['safe']})")
            answer, by = args["safe"], f"no answer within {args['deadline']:g} s: "
        else:
            by = "answered: "
        if answer in args["goes_on"]:
            return passed(f"{by}{answer}")
        raise Refused(f"{by}{answer}", unchanged="nothing was done")


def _memory(operation: Operation) -> str:
    return f"{KIND}/{digest_of(KIND, operation.args)}"
