"""start_load: clients that resolve as real ones do, in processes of their own."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.load import LoadRequest


class StartLoad(Handler):
    """Args: step (its own id), endpoint, users, rate, timeout, log (below the run's folder)."""

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
        arguments.check_arguments(self.kind, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """Whoever serves the endpoint."""
        return (f"requests to {args['endpoint']}: {args['rate']:g} a second",)

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
            LoadRequest(args["endpoint"], args["users"], args["rate"], args["timeout"], log)
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
