"""call_http: one request to an endpoint that the environment names."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.outside import lost, never_again, remember, remembered, shown
from infctl.errors import ConfigurationError, InfctlError, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.calls import HttpCaller, Reply

KIND = "call_http"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_READ_SECONDS = 5.0


class CallHttp(Handler):
    """Args: endpoint, method, path, expected, and body, timeout, read_back, undo, region.

    `expected` are statuses. `read_back` (path, expected, contains) is a GET at the same endpoint
    that shows the effect, and must not hold before; without it a lost reply leaves the step in
    doubt, for a person to settle. `undo` is another order of the same shape. The step's key goes
    along as Idempotency-Key.
    """

    kind = KIND

    def check(self, args: Args) -> None:
        """Endpoints are names, never addresses; paths stay below them."""
        _check(args, {"undo": arguments.json_mapping})
        if "undo" in args:
            _check(args["undo"], {})

    def touches(self, args: Args) -> tuple[str, ...]:
        """The endpoint's path."""
        return (f"{args['method']} {args['endpoint']}{args['path']}",)

    def reverses(self, args: Args) -> bool:
        """Where the plan says how, or nothing is changed."""
        return "undo" in args or args["method"] == "GET"

    def loss(self, args: Args) -> str:
        """Whether it arrived."""
        return f"whether {args['endpoint']} did {args['method']} {args['path']} is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """Whether the effect is there already; without a read_back it cannot be told."""
        if args["method"] == "GET":
            return {"there": False}
        if "read_back" not in args:
            return never_again(context)
        return {"there": await _is_there(context, args)}

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The order that the plan gives, where the effect was not there before."""
        if "undo" not in args or before.get("there"):
            return None
        return Operation(KIND, dict(args["undo"]), region=args.get("region"))

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Send it once; an answer that was not expected fails the step."""
        args = operation.args
        reply = await _caller(context).call(
            args["endpoint"],
            args["method"],
            args["path"],
            args.get("body", ""),
            key,
            float(args.get("timeout", 10.0)),
        )
        if reply.status not in args["expected"]:
            raise InfctlError(f"{_what(args)}: {reply.status}, {shown(reply.body)[:200]}")
        remember(context, KIND, args, reply.status)
        return {"status": reply.status, "body": shown(reply.body)}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The effect, read back; without a way to look, that an expected answer came."""
        args = operation.args
        if "read_back" in args:
            sentence = f"{args['endpoint']}{args['read_back']['path']}"
            is_there = await _is_there(context, args)
            if is_there:
                return passed(f"{sentence} shows it")
            return not_yet(f"{sentence} does not show it")
        status = remembered(context, KIND, args)
        if status is None:
            return lost(_what(args))
        return passed(f"{_what(args)}: {status}; nothing was read back")

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Where nothing can be read back, nobody can have seen a change."""
        if "read_back" in operation.args:
            return await self.verify(context, operation)
        return passed("nothing can be read back")


def path(value: Any) -> str:
    """A path and query below an endpoint: no address, no step up, plain ASCII without spaces."""
    words = "a path that begins with one /, of printable ASCII"
    if not isinstance(value, str) or not 1 <= len(value) <= 2000 or not value.startswith("/"):
        return words
    is_plain = value.isascii() and all("!" <= c <= "~" for c in value)
    route = value.partition("?")[0].casefold()
    steps = any(s in ("..", ".", "%2e%2e", "%2e", ".%2e", "%2e.") for s in route.split("/"))
    if not is_plain or steps or route.startswith("//") or "\\" in value or "#" in value:
        return words
    return ""


def _check(args: Args, more: dict[str, arguments.Rule]) -> None:
    statuses = arguments.list_of(arguments.whole(100, 599), most=20)
    rules = {
        "endpoint": arguments.name,
        "method": arguments.one_of(*METHODS),
        "path": path,
        "expected": statuses,
    }
    optional = {
        "body": arguments.text(64 * 1024, least=0, lines=True),
        "timeout": arguments.number(0.1, 60),
        "read_back": arguments.json_mapping,
        "region": arguments.name,
        **more,
    }
    arguments.check_arguments(KIND, args, rules, optional)
    if "read_back" in args:
        looked = {"path": path, "expected": statuses}
        contains = {"contains": arguments.text(1000)}
        arguments.check_arguments(f"{KIND} read_back", args["read_back"], looked, contains)
        if args["method"] == "GET":
            raise ConfigurationError(f"{KIND}: `read_back` of a GET reads what it reads")


async def _is_there(context: Context, args: Args) -> bool:
    wanted = args["read_back"]
    reply: Reply = await _caller(context).call(
        args["endpoint"], "GET", wanted["path"], "", "", _READ_SECONDS
    )
    return reply.status in wanted["expected"] and wanted.get("contains", "") in reply.body


def _caller(context: Context) -> HttpCaller:
    if context.world.http is None:
        raise Refused(
            f"{context.world.environment} names no endpoints",
            hint="docs/platform.md: endpoints",
            unchanged="nothing was called",
        )
    return context.world.http


def _what(args: Args) -> str:
    return f"{args['method']} {args['endpoint']}{args['path']}"
