"""verify_traffic: what clients get, not what a status word says: answers, then requests."""

import asyncio

from infctl.engine import arguments
from infctl.engine.answers import sample_answers, seconds_without
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.errors import InfctlError
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation

METRICS_DEADLINE = 2.0


class VerifyTraffic(Handler):
    """Args: host, addresses (region to address), absent, present, ttl, samples, query, residual.

    Regions in `absent` must be out of the answers for a whole TTL, and their gateways, where their
    metrics answer, must serve at most `residual` requests per second (health checks remain).
    Regions in `present` must be seen in the answers.
    """

    kind = "verify_traffic"
    changes = False
    reversible = False

    def check(self, args: Args) -> None:
        """Whom to ask, and what to expect."""
        regions = arguments.list_of(arguments.name, least=0)
        rules = {
            "host": arguments.key,
            "addresses": arguments.mapping_of(arguments.address, least=0, keys=arguments.name),
            "absent": regions,
            "present": regions,
            "ttl": arguments.number(0, 604_800),
            "samples": arguments.whole(1, 1000),
            "query": arguments.text(4000),
            "residual": arguments.number(0, 1_000_000),
        }
        arguments.check_arguments(self.kind, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """It only reads."""
        del args
        return ()

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Judge answers, then served requests."""
        args = operation.args
        answers = await sample_answers(context, args["host"], args["samples"])
        problem = _answers_problem(answers, args)
        memory = "traffic/" + ",".join((*args["absent"], "/", *args["present"]))
        lasted = seconds_without(context, memory, not problem)
        if problem:
            return not_yet(problem)
        if args["absent"] and lasted < args["ttl"]:
            return not_yet(f"as wanted for {lasted:.0f} s, a TTL is {args['ttl']:g} s")
        return await _judge_requests(context, args)


def _answers_problem(answers: frozenset[str], args: Args) -> str:
    if not answers:
        return "the name service answers no address"
    wrong = [r for r in args["absent"] if args["addresses"].get(r) in answers]
    if wrong:
        return f"{', '.join(wrong)} still in the answers"
    missing = [r for r in args["present"] if args["addresses"].get(r) not in answers]
    return f"{', '.join(missing)} not in the answers" if missing else ""


async def _judge_requests(context: Context, args: Args) -> Outcome:
    evidence = [f"out of the answers: {r}" for r in args["absent"]]
    evidence += [f"in the answers: {r}" for r in args["present"]]
    for region in args["absent"]:
        rate = await _rate(context, region, args["query"])
        if rate is None:
            evidence.append(f"{region}: its metrics say nothing, the answers decide")
        elif rate > args["residual"]:
            return not_yet(f"{region} still serves {rate:.1f} requests/s")
        else:
            evidence.append(f"{region} serves {rate:.1f} requests/s, health checks among them")
    return passed(*evidence)


async def _rate(context: Context, region: str, query: str) -> float | None:
    metrics = context.world.metrics.get(region)
    if metrics is None:
        return None
    try:
        async with asyncio.timeout(METRICS_DEADLINE):
            samples = await metrics.query(query)
    except (TimeoutError, InfctlError):
        return None
    return samples[0].value if samples else None
