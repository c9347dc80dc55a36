"""inject_fault: hurt on purpose, with a lease that heals by itself when nobody renews it."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.errors import ConfigurationError, Refused
from infctl.model import fault_kinds
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.faults import Faults


def faults_of(context: Context) -> Faults:
    """The environment's fault injector; Refused where it has none."""
    if context.world.faults is None:
        raise Refused(f"environment {context.world.environment} has no fault injector")
    return context.world.faults


class InjectFault(Handler):
    """Args: fault (an id), fault_kind, target, ttl in seconds; optional: parameters."""

    kind = "inject_fault"

    def check(self, args: Args) -> None:
        """What is hurt, how, and for how long at most."""
        rules = {
            "fault": arguments.name,
            "fault_kind": arguments.one_of(*fault_kinds.KINDS),
            "target": _target,
            "ttl": arguments.number(1, 86_400),
        }
        arguments.check_arguments(self.kind, args, rules, {"parameters": arguments.json_mapping})
        problem = fault_kinds.problem_of(
            args["fault_kind"], args["target"], args.get("parameters") or {}
        )
        if problem:
            raise ConfigurationError(f"{self.kind}: {problem}", unchanged="nothing was done")

    def touches(self, args: Args) -> tuple[str, ...]:
        """What is struck, by the words of the target, and how."""
        parameters = args.get("parameters") or {}
        told = ", ".join(f"{name} {value}" for name, value in sorted(parameters.items()))
        how = f"{args['fault_kind']} ({told})" if told else str(args["fault_kind"])
        return (f"{_struck(str(args['fault_kind']), str(args['target']))}: {how}",)

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
            args["fault"],
            args["fault_kind"],
            args["target"],
            args["ttl"],
            args.get("parameters"),
        )
        return {"at": fault.at, "expires": fault.expires}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The injector lists it, as what it was to be."""
        args = operation.args
        wanted = (args["fault"], args["fault_kind"], args["target"])
        if any((f.id, f.kind, f.target) == wanted for f in await faults_of(context).active()):
            return passed(f"{args['fault_kind']} of {args['target']} is in force")
        return not_yet(f"{args['fault_kind']} of {args['target']} is not in force")


def _struck(kind: str, target: str) -> str:
    """The target in words. Pure."""
    match target.split("/"):
        case ["region", region] if kind in ("overload", "forget"):
            return f"the API server of {region}"
        case ["region", region] if "part" in fault_kinds.KINDS[kind].targets:
            return f"everything in {region}"
        case ["region", region]:
            return f"all that passes the edge of {region}"
        case ["edge", region, *part]:
            return f"{'/'.join(part) or 'all'} that others use of {region}"
        case ["path", here, there, *part]:
            return f"{'/'.join(part) or 'all'} that {here} uses of {there}"
        case ["between", one, two]:
            return f"all that {one} and {two} use of each other"
    return target


def _target(value: Any) -> str:
    parts = value.split("/") if isinstance(value, str) else []
    is_right = 2 <= len(parts) <= 4 and not any(arguments.key(part) for part in parts)
    return "" if is_right else "a target such as region/NAME"
