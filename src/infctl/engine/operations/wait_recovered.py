"""wait_recovered: clients are served again, without the region, and stay so."""

from infctl.engine import arguments
from infctl.engine.answers import sample_answers, seconds_without
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.traffic import Stretch, require_clients, stretch
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation


class WaitRecovered(Handler):
    """Args: log, region, address, host, ttl, settle, max_error_ratio, samples.

    Over the last `settle` seconds clients were served and none asked the region; and the region has
    been out of the answers for a whole TTL, so that no client that honours it can come back.
    """

    kind = "wait_recovered"
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Whose log to read, and what to expect."""
        rules = {
            "log": arguments.below,
            "region": arguments.name,
            "address": arguments.address,
            "host": arguments.key,
            "ttl": arguments.number(0, 604_800),
            "settle": arguments.number(0, 86_400),
            "max_error_ratio": arguments.number(0, 1),
            "samples": arguments.whole(1, 1000),
        }
        arguments.check_arguments(self.kind, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Judge answers and log."""
        args = operation.args
        answers = await sample_answers(context, args["host"], args["samples"])
        memory = f"recovered/{args['region']}"
        is_out = bool(answers) and args["address"] not in answers
        out_for = seconds_without(context, memory, is_out)
        now = context.world.clock.wall()
        records = context.world.load.read(context.path(args["log"]))
        require_clients(records, now)
        return judge(stretch(records, now - args["settle"], now), out_for, is_out, args)


def judge(seen: Stretch, out_for: float, is_out: bool, args: Args) -> Outcome:
    """Whether clients have recovered. Pure."""
    if not is_out:
        return not_yet(f"{args['region']} is still in the answers")
    if out_for < args["ttl"]:
        return not_yet(f"{args['region']} out of the answers for {out_for:.0f} s of a TTL")
    if not seen.total:
        return not_yet("no requests")
    if args["address"] in seen.addresses:
        return not_yet(f"clients still ask {args['region']}")
    if seen.error_ratio > args["max_error_ratio"]:
        return not_yet(f"{seen.failed} of {seen.total} requests fail")
    return passed(
        f"{seen.total} requests in {args['settle']:g} s, {seen.failed} failed,"
        f" none to {args['region']}"
    )
