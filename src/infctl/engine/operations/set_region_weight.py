"""set_region_weight: a region's share of the answers, for planned shifts: Route 53 is asked."""

from dataclasses import replace
from typing import Any

from infctl.engine import arguments
from infctl.engine.answers import sample_answers
from infctl.engine.config_maps import require_as_before
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.errors import Conflict, Refused
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cloud import Record

KIND = "set_region_weight"
_SURE = 1e-3
"""How often an address that is in the answers may escape all samples."""


class SetRegionWeight(Handler):
    """Args: region, zone, host, weight (0 to 255), samples (0: the record alone is read back).

    Nothing but the weight changes: TTL, addresses and health check stay as they are found.
    """

    kind = KIND
    control_plane = True

    def check(self, args: Args) -> None:
        """Route 53's own bounds."""
        rules = {
            "region": arguments.name,
            "zone": arguments.key,
            "host": arguments.key,
            "weight": arguments.whole(0, 255),
            "samples": arguments.whole(0, 1000),
        }
        arguments.check_arguments(KIND, args, rules)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One record."""
        return (f"{args['region']}: record of {args['host']}",)

    def calls(self, args: Args) -> tuple[str, ...]:
        """Route 53's control plane, which lies in one region of the cloud."""
        del args
        return ("route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets")

    def loss(self, args: Args) -> str:
        """Where clients go."""
        return f"which share of clients {args['region']} gets is not known"

    async def observe(self, context: Context, args: Args) -> Any:
        """The weight now."""
        _, record = await _read(context, args)
        return record.weight

    def undo(self, before: Any, args: Args) -> Operation | None:
        """The weight from before; only the record is read back, the region may be ill by then."""
        if before == args["weight"]:
            return None
        return Operation(
            KIND,
            {**args, "weight": before, "samples": 0},
            region=args["region"],
            needs_control_plane=True,
        )

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Put the record with the new weight in the place of the one that was read."""
        args = operation.args
        zone_id, record = await _read(context, args)
        what = f"the weight of {args['region']} for {args['host']}"
        require_as_before(context, key, record.weight, args["weight"], what)
        if record.weight != args["weight"]:
            wanted = replace(record, weight=args["weight"])
            try:
                await context.world.names.replace_record(zone_id, record, wanted)
            except Conflict:
                # What the SDK sent twice is refused the second time.
                if (await _read(context, args))[1] != wanted:
                    raise
        return {"weight": args["weight"]}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """The record, and what clients are answered."""
        args = operation.args
        _, record = await _read(context, args)
        if not args["samples"] or record.weight != args["weight"]:
            return _judge_record(record, args)
        answers = await sample_answers(context, args["host"], args["samples"])
        state = await context.world.names.read(args["zone"])
        return judge_answers(args, _records(state.records, args["host"]), answers)

    async def untouched(self, context: Context, operation: Operation) -> Outcome:
        """Whether nobody set another weight since."""
        _, record = await _read(context, operation.args)
        return _judge_record(record, operation.args)


def judge_answers(args: Args, records: list[Record], answers: frozenset[str]) -> Outcome:
    """Whether the answers are what the weights say. Pure."""
    region = args["region"]
    own = next((r for r in records if r.set_identifier == region), None)
    total = sum(r.weight for r in records)
    if own is None or not answers:
        return not_yet("the name service answers no address")
    is_seen = bool(answers & set(own.values))
    # Where every weight is 0, Route 53 answers with all of them alike.
    share = own.weight / total if total else 1 / len(records)
    if share == 0:
        word = not_yet if is_seen else passed
        return word(f"weight 0, {region} {'still' if is_seen else 'not'} in the answers")
    if is_seen:
        return passed(f"weight {own.weight} of {total}, {region} in the answers")
    if (1 - share) ** args["samples"] < _SURE:
        return not_yet(f"weight {own.weight} of {total}, but {region} is not in the answers")
    return passed(f"weight {own.weight} of {total}: too small a share to be seen in the answers")


def _judge_record(record: Record, args: Args) -> Outcome:
    sentence = f"the record of {args['region']} has weight {record.weight}"
    return passed(sentence) if record.weight == args["weight"] else not_yet(sentence)


def _records(records: tuple[Record, ...], host: str) -> list[Record]:
    return [r for r in records if r.type == "A" and r.name.rstrip(".") == host.rstrip(".")]


async def _read(context: Context, args: Args) -> tuple[str, Record]:
    state = await context.world.names.read(args["zone"])
    for record in _records(state.records, args["host"]):
        if record.set_identifier == args["region"]:
            return state.zone_id, record
    raise Refused(
        f"there is no record of {args['host']} for {args['region']}",
        unchanged="nothing was written",
        hint="infctl deploy plan",
    )
