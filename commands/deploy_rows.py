"""Rows of deployments: results in, table rows out; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from infctl.engine.deploy.plan import RegionPlan
from infctl.engine.deploy.results import BAD, QUIET, Action, RegionResult
from infctl.engine.deploy.status import Deployed

APPLY_COLUMNS = [
    ("REGION", "name"),
    ("RESULT", "result"),
    ("OBJECTS", "objects"),
    ("READY", "ready"),
    ("SECONDS", "seconds"),
    ("REASON", "error"),
]
PLAN_COLUMNS = [
    ("REGION", "region"),
    ("ACTION", "action"),
    ("OBJECT", "name"),
    ("DETAIL", "detail"),
]
STATUS_COLUMNS = [
    ("REGION", "name"),
    ("STATE", "state"),
    ("GENERATION", "found"),
    ("WANTED", "wanted"),
    ("READY", "ready"),
    ("GATEWAY", "address"),
    ("REASON", "reason"),
]
_SHORT = 12


def apply_rows(results: Sequence[RegionResult]) -> list[dict[str, Any]]:
    """One row a region, and one for the name service."""
    return [_apply_row(result) for result in results]


def _apply_row(result: RegionResult) -> dict[str, Any]:
    word = "failed" if result.failed else "changed" if result.changed else "unchanged"
    return {
        "name": result.region,
        "result": word,
        "changed": result.count(Action.CREATED, Action.CHANGED, Action.PRUNED),
        "unchanged": result.count(Action.UNCHANGED),
        "ready": result.ready or None,
        "address": result.address or None,
        "seconds": round(result.seconds, 2),
        "error": result.error or _worst(result) or None,
        "changes": [
            {"name": c.what, "action": c.action.value, "detail": c.detail} for c in result.changes
        ],
        "_display": {"objects": summarise(result), "seconds": f"{result.seconds:.1f}"},
    }


def _worst(result: RegionResult) -> str:
    """The first object that stands in the way, such as `Service/a: conflict`."""
    return next((f"{c.what}: {c.action.value}" for c in result.changes if c.action in BAD), "")


def summarise(result: RegionResult) -> str:
    """How many objects came to what, such as `3 changed, 12 unchanged`."""
    counts = ((action, result.count(action)) for action in Action)
    return ", ".join(f"{count} {action.value}" for action, count in counts if count)


def plan_rows(plans: Sequence[RegionPlan], *, everything: bool = False) -> list[dict[str, Any]]:
    """One row a change; what stays as it is only with `everything`."""
    rows: list[dict[str, Any]] = []
    for plan in plans:
        result = plan.result
        if result.error:
            rows.append(_row(result.region, "unknown", "(region)", result.error))
        rows += [
            _row(result.region, change.action.value, change.what, change.detail)
            for change in result.changes
            if everything or change.action is not Action.UNCHANGED
        ]
    return rows


def _row(region: str, action: str, name: str, detail: str) -> dict[str, Any]:
    return {"region": region, "action": action, "name": name, "detail": detail or None}


def status_rows(found: Sequence[Deployed]) -> list[dict[str, Any]]:
    """One row a region; generations are cut short in the table alone."""
    return [
        {
            "name": d.region,
            "state": d.state,
            "found": d.found or None,
            "wanted": d.wanted,
            "ready": d.ready,
            "replicas": d.replicas,
            "address": d.address or None,
            "reason": d.reason or None,
            "_display": {
                "found": _short(d.found),
                "wanted": _short(d.wanted),
                "ready": f"{d.ready}/{d.replicas}",
            },
        }
        for d in found
    ]


def remarks(results: Sequence[RegionResult]) -> list[str]:
    """What a reader of the table must know besides: everything with a detail, once."""
    lines: dict[str, list[str]] = {}
    for result in results:
        for change in result.changes:
            if change.detail:
                text = f"{change.what}: {change.action.value}: {change.detail}"
                lines.setdefault(text, []).append(result.region)
    return [f"{', '.join(regions)}: {text}" for text, regions in lines.items()]


def quiet(results: Sequence[RegionResult]) -> bool:
    """Whether nothing would change."""
    return all(change.action in QUIET for result in results for change in result.changes)


def totals(plans: Sequence[RegionPlan]) -> Mapping[str, int]:
    """How many changes of each action, over all regions."""
    counts = {a.value: sum(plan.result.count(a) for plan in plans) for a in Action}
    return {name: count for name, count in counts.items() if count}


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_SHORT]
