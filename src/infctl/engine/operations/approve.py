"""approve: enough people other than who asks agree to this very plan, or it goes no further."""

from typing import Any

from infctl.engine import arguments
from infctl.engine.approvals import DECISION, LABEL, approvals
from infctl.engine.handler import Args, Context, Handler, blind
from infctl.engine.identity import whoami
from infctl.engine.own_step import own_step
from infctl.engine.reachable import Answers, ask_each
from infctl.engine.requests import demand_of, request, request_name
from infctl.errors import Conflict, Refused
from infctl.model.fence import SYSTEM
from infctl.model.outcome import Outcome, Word, combine
from infctl.model.plan import Operation, Plan
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object

KIND = "approve"
_Held = tuple[Object, list[Object], str]
"""A request, the decisions beside it, and who we are there."""


class Approve(Handler):
    """Args: regions, needed, text, expires (seconds), and people, each_region.

    `people` maps the accounts that may decide to persons; without it any account may that can
    write in infctl-system. With `each_region` every region needs its own approvals, else those of
    all regions that answer count together. What was asked and decided stays: it is the record.
    """

    kind = KIND
    completes = True
    waits_for_people = True

    def check(self, args: Args) -> None:
        """As many persons must exist as are needed."""
        rules = {
            "regions": arguments.list_of(arguments.name),
            "needed": arguments.whole(1, 9),
            "text": arguments.text(1000),
            "expires": arguments.number(30, 86400),
        }
        account = arguments.text(512)
        more = {
            "people": arguments.mapping_of(account, least=0, keys=account),
            "each_region": arguments.truth,
        }
        arguments.check_arguments(KIND, args, rules, more)
        persons = set(args.get("people", {}).values())
        if persons and len(persons) < args["needed"]:
            raise Refused(
                f"{KIND}: {args['needed']} approvals are needed, and {len(persons)} persons"
                " may give one",
                unchanged="nothing was done",
            )

    def touches(self, args: Args) -> tuple[str, ...]:
        """One request in each region."""
        return tuple(f"{r}: ConfigMap {SYSTEM}/infctl-request-*" for r in args["regions"])

    def loss(self, args: Args) -> str:
        """The second pair of eyes."""
        return f"nobody approved: {args['text']}"

    async def observe(self, context: Context, args: Args) -> Any:
        """Nothing of the world is changed, so nothing has to be known from before."""

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Ask in every region that answers; asked twice is asked once."""
        del key
        args = operation.args
        step, plan = _place(context, args)

        async def ask(cluster: Cluster) -> str:
            by = await whoami(cluster)
            try:
                await cluster.create(request(context.run, step, plan, by, args))
            except Conflict:
                return by
            return by

        asked = await ask_each(context.world, args["regions"], ask)
        asked.require_one()
        return {"asked": sorted(asked.found), "silent": asked.silent}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Count what the clusters hold. A denial and an expiry end the step at once."""
        args = operation.args
        step, _ = _place(context, args)
        held = await ask_each(context.world, args["regions"], lambda c: _read(c, context.run, step))
        there = {r: found[0] for r, found in held.found.items() if found}
        if not there:
            return blind("no region holds the request", *held.silent.values())
        outcome = _judge(context, args, held, there)
        if outcome.word is Word.FAILED:
            raise Refused(
                "; ".join(outcome.evidence), unchanged="what it stands before is not done"
            )
        if outcome.word is Word.PASSED:
            return outcome
        how = f"infctl approve {context.run} --step {step}"
        return Outcome(outcome.word, (*outcome.evidence, *held.silent.values(), how))


def _judge(
    context: Context, args: Args, held: Answers[_Held | None], there: dict[str, Object]
) -> Outcome:
    now, view = context.world.clock.wall(), context.view()
    # Also who runs it now: somebody else may have planted the request.
    actors = (context.actor, *(found[2] for found in held.found.values() if found))
    decided = {r: found[1] for r, found in held.found.items() if found}
    if not args.get("each_region"):
        demand = demand_of(there, view.plan_digest, actors, args)
        return approvals([o for found in decided.values() for o in found], demand, now)
    outcomes = []
    for region in args["regions"]:
        if region not in there:
            outcomes.append(blind(f"{region} holds no request"))
            continue
        demand = demand_of({region: there[region]}, view.plan_digest, actors, args)
        found = approvals(decided[region], demand, now)
        outcomes.append(Outcome(found.word, tuple(f"{region}: {e}" for e in found.evidence)))
    return combine(*outcomes)


async def _read(cluster: Cluster, run: str, step: str) -> _Held | None:
    """A cluster's request and its decisions; None where it has no such request."""
    asked = await cluster.read(CONFIG_MAP, request_name(run, step), SYSTEM)
    if asked is None:
        return None
    decided = await cluster.list(CONFIG_MAP, SYSTEM, f"{LABEL}={DECISION}")
    return asked, decided, await whoami(cluster)


def _place(context: Context, args: Args) -> tuple[str, Plan]:
    step, plan = own_step(context, KIND, args), context.view().plan
    if not step or plan is None:
        raise Refused("an approval is asked for a step of a plan", unchanged="nobody was asked")
    return step, plan
