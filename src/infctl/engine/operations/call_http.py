"""call_http: one request to an endpoint that the environment names."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context
from infctl.engine.outside import Order, shown
from infctl.errors import ConfigurationError, InfctlError, Refused
from infctl.model.plan import Operation
from infctl.ports.calls import HttpCaller

KIND = "call_http"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_READ_SECONDS = 5.0


class CallHttp(Order):
    """Args: endpoint, method, path, expected, and body, timeout, read_back, undo, region.

    `expected` are statuses. `read_back` (path, expected, contains) is a GET at the same endpoint
    that shows the effect, and must not hold before; without it a lost reply leaves the step in
    doubt, for a person to settle. `undo` is another order of the same shape. The step's key goes
    along as Idempotency-Key.
    """

    kind = KIND

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
        """A GET changes nothing, so that it may be sent again."""
        return {"there": False} if args["method"] == "GET" else await super().observe(context, args)

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
            raise InfctlError(f"{self.words(args)}: {reply.status}, {shown(reply.body)[:200]}")
        self.remember(context, args, reply.status)
        return {"status": reply.status, "body": shown(reply.body)}

    def words(self, args: Args) -> str:
        """Method, endpoint and path."""
        return f"{args['method']} {args['endpoint']}{args['path']}"

    async def is_there(self, context: Context, args: Args) -> bool:
        """Whether a GET at the same endpoint shows it."""
        wanted = args["read_back"]
        reply = await _caller(context).call(
            args["endpoint"], "GET", wanted["path"], "", "", _READ_SECONDS
        )
        return reply.status in wanted["expected"] and wanted.get("contains", "") in reply.body

    def check_order(self, args: Args, more: dict[str, arguments.Rule]) -> None:
        """Endpoints are names, never addresses; paths stay below them."""
        arguments.check_arguments(KIND, args, _RULES, {**_OPTIONAL, **more})
        if "read_back" in args:
            contains = {"contains": arguments.text(1000)}
            arguments.check_arguments(f"{KIND} read_back", args["read_back"], _LOOKED, contains)
            if args["method"] == "GET":
                raise ConfigurationError(f"{KIND}: `read_back` of a GET reads what it reads")


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


_STATUSES = arguments.list_of(arguments.whole(100, 599), most=20)
_RULES: dict[str, arguments.Rule] = {
    "endpoint": arguments.name,
    "method": arguments.one_of(*METHODS),
    "path": path,
    "expected": _STATUSES,
}
_OPTIONAL: dict[str, arguments.Rule] = {
    "body": arguments.text(64 * 1024, least=0, lines=True),
    "timeout": arguments.number(0.1, 60),
    "read_back": arguments.json_mapping,
    "region": arguments.name,
}
_LOOKED: dict[str, arguments.Rule] = {"path": path, "expected": _STATUSES}


def _caller(context: Context) -> HttpCaller:
    if context.world.http is None:
        raise Refused(
            f"{context.world.environment} names no endpoints",
            hint="docs/platform.md: endpoints",
            unchanged="nothing was called",
        )
    return context.world.http
