"""wait_steady: the steady-state hypothesis, judged from the clients' own log."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.traffic import Stretch, require_clients, stretch
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation


class WaitSteady(Handler):
    """Args: log, seconds, regions, max_error_ratio, p99 (seconds).

    Over the last `seconds` every region serves, errors and p99 are within bounds.
    """

    kind = "wait_steady"
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Whose log to read, and what to expect."""
        rules = {
            "log": arguments.below,
            "seconds": arguments.number(0.1, 86_400),
            "regions": arguments.list_of(arguments.name),
            "max_error_ratio": arguments.number(0, 1),
            "p99": arguments.number(0, 3600),
        }
        arguments.check_arguments(self.kind, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Nothing but the moment from which it counts."""
        del operation, key
        return {"at": context.world.clock.wall()}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Judge the last stretch."""
        args = operation.args
        now = context.world.clock.wall()
        records = context.world.load.read(context.path(args["log"]))
        require_clients(records, now)
        if not records or records[0].ended > now - args["seconds"]:
            return not_yet(f"fewer than {args['seconds']:g} s of requests")
        return judge(stretch(records, now - args["seconds"], now), args)


def judge(seen: Stretch, args: Args) -> Outcome:
    """Whether a stretch is steady. Pure."""
    problems = []
    if not seen.total:
        problems.append("no requests")
    missing = sorted(set(args["regions"]) - seen.regions)
    if missing:
        problems.append(f"no answer from {', '.join(missing)}")
    if seen.error_ratio > args["max_error_ratio"]:
        problems.append(f"{seen.failed} of {seen.total} requests failed")
    if seen.p99 is not None and seen.p99 > args["p99"]:
        problems.append(f"p99 {seen.p99 * 1000:.0f} ms, ceiling {args['p99'] * 1000:.0f} ms")
    if problems:
        return not_yet(*problems)
    tail = 0.0 if seen.p99 is None else seen.p99
    return passed(
        f"{seen.total} requests in {args['seconds']:g} s, {seen.failed} failed,"
        f" p99 {tail * 1000:.0f} ms, {len(seen.regions)} regions serve"
    )
