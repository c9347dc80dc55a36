"""open_incident: a record of an incident in the regions' clusters; undo closes it."""

import hashlib
from typing import Any

from infctl.engine import arguments
from infctl.engine.config_maps import texts_of
from infctl.engine.handler import Args, Context, Handler, not_yet, passed
from infctl.engine.own_step import own_step
from infctl.engine.reachable import Answers, ask_each
from infctl.errors import Conflict
from infctl.model.fence import SYSTEM
from infctl.model.outcome import Outcome
from infctl.model.plan import Operation
from infctl.ports.cluster import CONFIG_MAP, Cluster, Object

KIND = "open_incident"
LABEL = "infctl.dev/incident"
OPEN, CLOSED = "open", "closed"


class OpenIncident(Handler):
    """Args: regions, title, severity, text; and id, state, reason where one is closed.

    The id comes from run and step, so that opening twice is opening once. It is written in every
    region that answers; one suffices, since a region may be what the incident is about.
    """

    kind = KIND
    completes = True

    def check(self, args: Args) -> None:
        """Closing names the incident and says why."""
        rules = {
            "regions": arguments.list_of(arguments.name),
            "title": arguments.text(200),
            "severity": arguments.one_of("info", "warning", "critical"),
            "text": arguments.text(4000, lines=True),
        }
        more: dict[str, arguments.Rule] = {
            "id": arguments.name,
            "state": arguments.one_of(OPEN, CLOSED),
            "reason": arguments.text(500, least=0),
        }
        if args.get("state") == CLOSED:
            rules |= more
            more = {}
        arguments.check_arguments(KIND, args, rules, more)

    def touches(self, args: Args) -> tuple[str, ...]:
        """One record in each region."""
        return tuple(f"{r}: ConfigMap {SYSTEM}/infctl-incident-*" for r in args["regions"])

    def loss(self, args: Args) -> str:
        """The record."""
        return f"whether the incident is on record is not known: {args['title']}"

    async def observe(self, context: Context, args: Args) -> Any:
        """The incident's id, and what state each region that answers has of it."""
        name = incident_id(context, args)
        held = await _read(context, args, name)
        held.require_one()
        states = {r: _state(found) for r, found in sorted(held.found.items()) if found}
        return {"id": name, "states": states}

    def undo(self, before: Any, args: Args) -> Operation | None:
        """Close it; one that was open before stays."""
        if OPEN in before["states"].values() or args.get("state") == CLOSED:
            return None
        closed = {"id": before["id"], "state": CLOSED, "reason": "the run was taken back"}
        return Operation(KIND, {**args, **closed})

    async def apply(self, context: Context, operation: Operation, key: str) -> Any:
        """Write it wherever somebody answers."""
        del key
        args = operation.args
        name = incident_id(context, args)
        wanted = _object(context, name, args)
        written = await ask_each(context.world, args["regions"], lambda c: _write(c, wanted))
        written.require_one()
        return {"id": name, "written": sorted(written.found), "silent": written.silent}

    async def verify(self, context: Context, operation: Operation) -> Outcome:
        """Every region that answers has it in the wanted state."""
        args = operation.args
        name = incident_id(context, args)
        held = await _read(context, args, name)
        held.require_one()
        wanted = args.get("state", OPEN)
        missing = [r for r, found in held.found.items() if _state(found or {}) != wanted]
        if missing:
            return not_yet(f"incident {name} is not {wanted} in {', '.join(missing)}")
        return passed(f"incident {name} is {wanted}", *held.silent.values())


def incident_id(context: Context, args: Args) -> str:
    """Its name: given where one is closed, else that of the step which opens it."""
    if "id" in args:
        return str(args["id"])
    key = f"{context.run}/{own_step(context, KIND, args)}"
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _object(context: Context, name: str, args: Args) -> Object:
    data = {
        "title": args["title"],
        "severity": args["severity"],
        "text": args["text"],
        "run": context.run,
        "state": args.get("state", OPEN),
        "reason": args.get("reason", ""),
    }
    labels = {LABEL: args.get("state", OPEN)}
    metadata = {"name": f"infctl-incident-{name}", "namespace": SYSTEM, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def _write(cluster: Cluster, wanted: Object) -> bool:
    try:
        await cluster.create(wanted)
    except Conflict:
        name = wanted["metadata"]["name"]
        found = await cluster.read(CONFIG_MAP, name, SYSTEM)
        if found is None or texts_of(found) == wanted["data"]:
            return True
        metadata = {k: found["metadata"][k] for k in ("uid", "resourceVersion")}
        patch = {
            "metadata": {**metadata, "labels": wanted["metadata"]["labels"]},
            "data": {k: wanted["data"][k] for k in ("state", "reason")},
        }
        await cluster.merge(CONFIG_MAP, name, SYSTEM, patch)
    return True


async def _read(context: Context, args: Args, name: str) -> Answers[Object | None]:
    return await ask_each(
        context.world,
        args["regions"],
        lambda c: c.read(CONFIG_MAP, f"infctl-incident-{name}", SYSTEM),
    )


def _state(found: Object) -> str:
    return texts_of(found).get("state", "")
