"""start_load: clients that resolve as real ones do, in processes of their own."""

from typing import Any

from infctl.content.load_shape import countries_problem, read_shape, shape_problem
from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.load import STEADY, LoadRequest


class StartLoad(Handler):
    """Args: step (its own id), endpoint, users, rate, timeout, log (below the run's folder);
    optional: shape, countries (code to share), workers (processes).
    """

    kind = "start_load"
    completes = True

    def check(self, args: Args) -> None:
        """How much, against what, and a log that lies in the run's own folder."""
        rules = {
            "step": arguments.key,
            "endpoint": _endpoint,
            "users": arguments.whole(1, 10_000),
            "rate": arguments.number(0.01, 1_000_000),
            "timeout": arguments.number(0.01, 600),
            "log": arguments.below,
        }
        optional = {
            "shape": shape_problem,
            "countries": countries_problem,
            "workers": arguments.whole(1, 16),
        }
        arguments.check_arguments(self.kind, args, rules, optional)

    def touches(self, args: Args) -> tuple[str, ...]:
        """Whoever serves the endpoint."""
        shape = read_shape(args.get("shape"))
        if shape.kind == "replay":
            return (f"requests to {args['endpoint']}: those of a recorded log",)
        most = max(args["rate"], shape.peak)
        return (f"requests to {args['endpoint']}: {'up to ' * (shape != STEADY)}{most:g} a second",)

    def loss(self, args: Args) -> str:
        """Whether they run."""
        return f"whether clients of {args['endpoint']} are sending is not known"

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Stop these clients."""
        del before
        return Operation("stop_load", {"step": args["step"]})

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Start them; the result names them for whoever stops them."""
        del key
        args = operation.args
        log = context.path(args["log"])
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        load = await context.world.load.start(
            LoadRequest(
                endpoint=args["endpoint"],
                users=args["users"],
                rate=args["rate"],
                timeout=args["timeout"],
                log=log,
                shape=read_shape(args.get("shape")),
                countries=tuple(dict(args.get("countries") or {}).items()),
                workers=args.get("workers", 1),
            )
        )
        return {"load": load, "at": context.world.clock.wall()}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Requests are in the clients' log."""
        records = context.world.load.read(context.path(operation.args["log"]))
        if records:
            return passed(f"{operation.args['users']} clients send requests")
        return not_yet("no request in the clients' log yet")

    async def whole(self, context: Context, operation: Operation) -> Outcome:
        """Only with their name on record; starting again finds those that run for this log."""
        if context.step(operation.args["step"]).result is None:
            return not_yet("who the clients are is not known")
        return await self.verify(context, operation)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Clients may always be stopped."""
        del context, operation
        return passed()


def _endpoint(value: Any) -> str:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    is_port = port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536
    return "" if is_port and not arguments.key(host) else "HOST:PORT"
