"""notify: tell people through a route that the environment names."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, blind, not_yet, passed
from infctl.engine.own_step import digest_of
from infctl.errors import Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.notices import Notice, Notifier

KIND = "notify"


class Notify(Handler):
    """Args: route, title, text, and severity, labels, must_arrive.

    A route that does not answer keeps no run waiting, unless the notice must arrive: it lies in
    the outbox, and is sent later. The step's key makes sending again the same notice, so there is
    nothing to take back, and a freeze does not silence it.
    """

    kind = KIND
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Text is plain: a notice ends in other people's programs."""
        rules = {
            "route": arguments.name,
            "title": arguments.text(200),
            "text": arguments.text(4000, lines=True),
        }
        more = {
            "severity": arguments.one_of("info", "warning", "critical"),
            "labels": arguments.mapping_of(arguments.text(200, least=0), least=0, most=16),
            "must_arrive": arguments.truth,
        }
        arguments.check_arguments(KIND, args, rules, more)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The route."""
        return (f"route {args['route']}",)

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Hand it over; the receipt says whether it was taken or lies in the outbox."""
        args = operation.args
        notice = Notice(
            key,
            args["title"],
            args["text"],
            args.get("severity", "info"),
            {"run": context.run, **args.get("labels", {})},
        )
        receipt = await _notifier(context).send(args["route"], notice)
        context.memory[_memory(operation)] = (key, receipt)
        return {"receipt": receipt}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Whether the route took it, or the outbox keeps it."""
        args = operation.args
        handed = context.memory.get(_memory(operation))
        if handed is None:
            return blind("it was not handed over")
        key, receipt = handed
        if args["route"] in await _notifier(context).sent(key):
            return passed(f"{args['route']} took it")
        sentence = f"{args['route']} does not take it yet: {receipt}"
        return not_yet(sentence) if args.get("must_arrive") else passed(sentence)


def _notifier(context: Context) -> Notifier:
    if context.world.notifier is None:
        raise Refused(
            f"{context.world.environment} names no routes for notices",
            hint="docs/platform.md: notifications",
        )
    return context.world.notifier


def _memory(operation: Operation) -> str:
    return f"{KIND}/{digest_of(KIND, operation.args)}"
