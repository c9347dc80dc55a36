"""Requests for approval as objects: what the run asks, and what somebody decided about it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from infctl.engine.approvals import DECISION, LABEL, REQUEST, Demand, created
from infctl.engine.config_maps import texts_of
from infctl.errors import Refused
from infctl.model.fence import SYSTEM
from infctl.model.plan import Plan, from_json
from infctl.ports.cluster import Object

LARGEST = 512 * 1024


def request_name(run: str, step: str) -> str:
    """The name of a step's request, the same in every cluster."""
    return f"infctl-request-{_short(run, step)}"


def decision_name(run: str, step: str, by: str) -> str:
    """The name of somebody's decision: one a person and step."""
    return f"infctl-approval-{_short(run, step, by)}"


def request(run: str, step: str, plan: Plan, by: str, args: Mapping[str, Any]) -> Object:
    """What asks: with the whole plan, so that approvers see what they approve."""
    document = json.dumps(plan.to_json(), sort_keys=True, separators=(",", ":"))
    if len(document) > LARGEST:
        raise Refused("the plan is too large to be shown to approvers", unchanged="nobody is asked")
    data = {
        "run": run,
        "step": step,
        "plan": plan.digest,
        "document": document,
        "by": by,
        "text": args["text"],
        "needed": str(args["needed"]),
        "expires": f"{args['expires']:g}",
    }
    return _object(request_name(run, step), REQUEST, data)


def decision(
    asked: Object, by: str, *, is_deny: bool, reason: str, name: str | None = None
) -> Object:
    """What somebody decides about a request, as one cluster holds it; its uid binds them."""
    texts = texts_of(asked)
    data = {
        "run": texts["run"],
        "step": texts["step"],
        "plan": texts["plan"],
        "request": str(asked["metadata"]["uid"]),
        "by": by,
        "decision": "deny" if is_deny else "approve",
        "reason": reason,
    }
    return _object(name or decision_name(texts["run"], texts["step"], by), DECISION, data)


def plan_of(asked: Object) -> Plan | None:
    """The plan in a request, where it is the one that its digest names; else None."""
    texts = texts_of(asked)
    try:
        plan = from_json(json.loads(texts["document"]))
        is_whole = plan.digest == texts["plan"]
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return plan if is_whole else None


def demand_of(
    asked: Mapping[str, Object], plan_digest: str, actors: Sequence[str], args: Mapping[str, Any]
) -> Demand:
    """What the requests of several regions ask together; the earliest of them counts."""
    some = next(iter(asked.values()))
    moments = [m for o in asked.values() if (m := created(o["metadata"])) is not None]
    authors = [texts_of(o).get("by", "") for o in asked.values()]
    texts = texts_of(some)
    return Demand(
        run=texts.get("run", ""),
        step=texts.get("step", ""),
        plan=plan_digest,
        needed=args["needed"],
        requesters=tuple(dict.fromkeys([a for a in (*authors, *actors) if a])),
        asked=min(moments, default=0.0),
        uids=frozenset(str(o["metadata"].get("uid")) for o in asked.values()),
        people=args.get("people", {}),
        expires=args["expires"],
    )


def _object(name: str, label: str, data: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": SYSTEM, "labels": {LABEL: label}},
        "immutable": True,
        "data": dict(data),
    }


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
