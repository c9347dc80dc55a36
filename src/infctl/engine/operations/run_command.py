"""run_command: one program that the environment allows by name; an argv, never a shell."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.outside import lost, never_again, remember, remembered, shown
from infctl.errors import InfctlError, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.calls import CommandRunner, Finished

KIND = "run_command"
_READ_SECONDS = 30.0


class RunCommand(Handler):
    """Args: program, arguments, and expected (exit codes), timeout, read_back, undo, region.

    `read_back` (program, arguments, expected, contains) shows the effect, and must not hold before;
    without it a program whose end nobody saw leaves the step in doubt. `undo` is another order of
    the same shape. What stands in `arguments` arrives as it stands, one element each.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """Programs are names of the access file, never paths."""
        _check(args, {"undo": arguments.json_mapping})
        if "undo" in args:
            _check(args["undo"], {})

    def touches(self, args: Args) -> tuple[str, ...]:
        """What the program touches is not known: so its name."""
        return (f"whatever {args['program']} touches",)

    def reverses(self, args: Args) -> bool:
        """Where the plan says how."""
        return "undo" in args

    def loss(self, args: Args) -> str:
        """What the program did."""
        return f"what {args['program']} did is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether the effect is there already; without a read_back it cannot be told."""
        if "read_back" not in args:
            return never_again(context)
        return {"there": await _is_there(context, args)}

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The order that the plan gives, where the effect was not there before."""
        if "undo" not in args or before.get("there"):
            return None
        return Operation(KIND, dict(args["undo"]), region=args.get("region"))

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Run it to its end; an exit code that was not expected fails the step."""
        del key
        args = operation.args
        timeout = float(args.get("timeout", 60.0))
        ended = await _runner(context).run(args["program"], args["arguments"], timeout)
        if ended.code not in args.get("expected", (0,)):
            words = shown(ended.stderr or ended.stdout)[-300:]
            raise InfctlError(f"{args['program']} ended with {ended.code}: {words}")
        remember(context, KIND, args, ended.code)
        return {"code": ended.code, "stdout": shown(ended.stdout), "stderr": shown(ended.stderr)}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The effect, read back; without a way to look, that it ended as expected."""
        args = operation.args
        if "read_back" in args:
            sentence = f"{args['read_back']['program']} "
            if await _is_there(context, args):
                return passed(f"{sentence}shows it")
            return not_yet(f"{sentence}does not show it")
        code = remembered(context, KIND, args)
        if code is None:
            return lost(args["program"])
        return passed(f"{args['program']} ended with {code}; nothing was read back")

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Where nothing can be read back, nobody can have seen a change."""
        if "read_back" in operation.args:
            return await self.verify(context, operation)
        return passed("nothing can be read back")


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


def _check(args: Args, more: dict[str, arguments.Rule]) -> None:
    argv = arguments.list_of(argument, least=0, most=256)
    codes = arguments.list_of(arguments.whole(0, 255), most=20)
    rules = {"program": arguments.name, "arguments": argv}
    optional = {
        "expected": codes,
        "timeout": arguments.number(0.1, 3600),
        "read_back": arguments.json_mapping,
        "region": arguments.name,
        **more,
    }
    arguments.check_arguments(KIND, args, rules, optional)
    if "read_back" in args:
        looked = {"expected": codes, "contains": arguments.text(1000)}
        arguments.check_arguments(f"{KIND} read_back", args["read_back"], rules, looked)


async def _is_there(context: Context, args: Args) -> bool:
    wanted = args["read_back"]
    ended: Finished = await _runner(context).run(
        wanted["program"], wanted["arguments"], _READ_SECONDS
    )
    return ended.code in wanted.get("expected", (0,)) and wanted.get("contains", "") in ended.stdout


def _runner(context: Context) -> CommandRunner:
    if context.world.commands is None:
        raise Refused(
            f"{context.world.environment} allows no programs",
            hint="docs/platform.md: programs",
            unchanged="nothing was started",
        )
    return context.world.commands
