"""inject_fault: hurt on purpose, with a lease that heals by itself when nobody renews it."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.errors import Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.faults import Faults


def faults_of(context: Context) -> Faults:
    """The environment's fault injector; Refused where it has none."""
    if context.world.faults is None:
        raise Refused(f"environment {context.world.environment} has no fault injector")
    return context.world.faults


class InjectFault(Handler):
    """Args: fault (an id), fault_kind (kill or freeze), target, ttl in seconds."""

    kind = "inject_fault"

    def check(self, args: Args) -> None:
        """What is hurt, how, and for how long at most."""
        rules = {
            "fault": arguments.name,
            "fault_kind": arguments.one_of("kill", "freeze"),
            "target": _target,
            "ttl": arguments.number(1, 86_400),
        }
        arguments.check_arguments(self.kind, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """The target, whose first part says what it is."""
        kind, _, name = str(args["target"]).partition("/")
        what = f"everything in {name}" if kind == "region" else str(args["target"])
        return (f"{what}: {args['fault_kind']}",)

    def loss(self, args: Args) -> str:
        """Whether it hurts."""
        return f"whether {args['target']} is hurt is not known; the fault ends by its own lease"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether this fault is in force."""
        return any(f.id == args["fault"] for f in await faults_of(context).active())

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Heal it, but for one that was there before."""
        return None if before else Operation("heal_fault", {"fault": args["fault"]})

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Start the fault; `at` is the moment when it took effect."""
        del key
        args = operation.args
        fault = await faults_of(context).inject(
            args["fault"], args["fault_kind"], args["target"], args["ttl"]
        )
        return {"at": fault.at, "expires": fault.expires}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The injector lists it."""
        args = operation.args
        if await self.observe(context, args):
            return passed(f"{args['fault_kind']} of {args['target']} is in force")
        return not_yet(f"{args['fault_kind']} of {args['target']} is not in force")


def _target(value: Any) -> str:
    parts = value.split("/") if isinstance(value, str) else []
    is_right = 2 <= len(parts) <= 4 and not any(arguments.key(part) for part in parts)
    return "" if is_right else "a target such as region/NAME"
