"""run_command: one program that the environment allows by name; an argv, never a shell."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context
from infctl.engine.outside import Order, shown
from infctl.errors import InfctlError, Refused
from infctl.model.plan import Operation
from infctl.ports.calls import CommandRunner

KIND = "run_command"
_READ_SECONDS = 30.0


class RunCommand(Order):
    """Args: program, arguments, and expected (exit codes), timeout, read_back, undo, region.

    `read_back` (program, arguments, expected, contains) shows the effect, and must not hold before;
    without it a program whose end nobody saw leaves the step in doubt. `undo` is another order of
    the same shape. What stands in `arguments` arrives as it stands, one element each; the step's
    key stands in the environment, as INFCTL_IDEMPOTENCY_KEY.
    """

    kind = KIND

    def touches(self, args: Args) -> tuple[str, ...]:
        """What the program touches is not known: so its name."""
        return (f"whatever {args['program']} touches",)

    def loss(self, args: Args) -> str:
        """What the program did."""
        return f"what {args['program']} did is not known"

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Run it to its end; an exit code that was not expected fails the step."""
        args = operation.args
        timeout = float(args.get("timeout", 60.0))
        ended = await _runner(context).run(args["program"], args["arguments"], timeout, key)
        if ended.code not in args.get("expected", (0,)):
            words = shown(ended.stderr or ended.stdout)[-300:]
            raise InfctlError(f"{args['program']} ended with {ended.code}: {words}")
        self.remember(context, args, ended.code)
        return {"code": ended.code, "stdout": shown(ended.stdout), "stderr": shown(ended.stderr)}

    def words(self, args: Args) -> str:
        """The program."""
        return str(args["program"])

    async def is_there(self, context: Context, args: Args) -> bool:
        """Whether another program says so."""
        wanted = args["read_back"]
        ended = await _runner(context).run(wanted["program"], wanted["arguments"], _READ_SECONDS)
        is_expected = ended.code in wanted.get("expected", (0,))
        return is_expected and wanted.get("contains", "") in ended.stdout

    def check_order(self, args: Args, more: dict[str, arguments.Rule]) -> None:
        """Programs are names of the access file, never paths."""
        arguments.check_arguments(KIND, args, _RULES, {**_OPTIONAL, **more})
        if "read_back" in args:
            arguments.check_arguments(f"{KIND} read_back", args["read_back"], _RULES, _LOOKED)


def argument(value: Any) -> str:
    """One element of an argv: any text without a NUL, at most 16 KiB."""
    is_right = isinstance(value, str) and len(value) <= 16 * 1024 and "\0" not in value
    return "" if is_right and _is_text(value) else "text without NUL, at most 16 KiB"


def _is_text(value: str) -> bool:
    """Lone surrogates have no bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_CODES = arguments.list_of(arguments.whole(0, 255), most=20)
_RULES: dict[str, arguments.Rule] = {
    "program": arguments.name,
    "arguments": arguments.list_of(argument, least=0, most=256),
}
_OPTIONAL: dict[str, arguments.Rule] = {
    "expected": _CODES,
    "timeout": arguments.number(0.1, 3600),
    "read_back": arguments.json_mapping,
    "region": arguments.name,
}
_LOOKED: dict[str, arguments.Rule] = {"expected": _CODES, "contains": arguments.text(1000)}


def _runner(context: Context) -> CommandRunner:
    if context.world.commands is None:
        raise Refused(
            f"{context.world.environment} allows no programs",
            hint="docs/platform.md: programs",
            unchanged="nothing was started",
        )
    return context.world.commands
