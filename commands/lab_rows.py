"""What `infctl lab status` shows: pure rows from the supervisor's answer."""

import time
from collections.abc import Mapping
from typing import Any

from infctl.commands.output import timestamp

COLUMNS = [
    ("PART", "name"),
    ("REGION", "region"),
    ("STATE", "state"),
    ("PID", "pid"),
    ("ADDRESS", "address"),
    ("MB", "memory"),
    ("SINCE", "since"),
    ("REASON, OR LAST LINE OF ITS LOG", "last"),
]
WIDE = [("WHAT", "detail"), ("LOG", "log")]
NARROW = [column for column in COLUMNS if column[0] not in ("REGION", "ADDRESS", "SINCE")]
"""What fits on a terminal of fewer than 120 columns."""
LAST = COLUMNS[-1]
SHORT = [column for column in NARROW if column != LAST]
SHORT.insert(3, ("ADDRESS", "address"))
"""What fits on 80 columns where the last words stand below."""
NOT_ENFORCED = (
    "Rendered but not enforced here: NetworkPolicy, ClusterIP and cluster DNS (there is no"
    " kube-proxy), CPU and memory limits beyond those of a process.",
    "An accelerator is modelled: each pod has N slots, and a request holds one for its service"
    " time; drills are inconclusive where this machine's own CPU was the limit.",
    "ScaledObjects scale by prometheus, cron, cpu and memory; other triggers are refused in their"
    " conditions.",
)
_MEGABYTE = 2**20


def node_loss() -> str:
    """How long the controllers wait for a node: the controller manager's own timings."""
    from infctl.lab.controlplane.flags import NODE_GRACE_SECONDS, UNREACHABLE_SECONDS

    return (
        f"A node that is silent for {NODE_GRACE_SECONDS} s counts as lost, and its pods leave it"
        f" {UNREACHABLE_SECONDS} s later (Kubernetes: 50 s and 300 s)."
    )


def make_rows(status: Mapping[str, Any], now: float | None = None) -> list[dict[str, Any]]:
    """A row per part, shared ones first, then one per region's pods, then the supervisor."""
    now = time.time() if now is None else now
    order = {region: i for i, region in enumerate(status["regions"])}
    parts = sorted(status["parts"], key=lambda part: order.get(part["region"], -1))
    rows = [_part(part, now) for part in parts]
    rows += [_pods(region, pods) for region, pods in status["pods"].items() if pods]
    rows.append(_supervisor(status["supervisor"]))
    return rows


def all_pids(status: Mapping[str, Any]) -> list[int]:
    """The pids of all processes of the lab that live."""
    counted = [*status["parts"], status["supervisor"]]
    counted += [pod for pods in status["pods"].values() for pod in pods]
    return [entry["pid"] for entry in counted if entry["pid"]]


def _part(part: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        **part,
        "since": timestamp(part["since"]),
        "_display": {
            "memory": _megabytes(part["rss_bytes"]),
            "since": f"{max(0, now - part['since']):.0f}s",
            "last": part["reason"] or part["last_log"],
        },
    }


def _pods(region: str, pods: list[Mapping[str, Any]]) -> dict[str, Any]:
    size = sum(pod["rss_bytes"] for pod in pods)
    return {
        "name": f"pods-{region}",
        "region": region,
        "state": f"{len(pods)} processes",
        "rss_bytes": size,
        "_display": {"memory": _megabytes(size)},
    }


def _supervisor(supervisor: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "supervisor",
        "state": "ready",
        "pid": supervisor["pid"],
        "rss_bytes": supervisor["rss_bytes"],
        "_display": {"memory": _megabytes(supervisor["rss_bytes"])},
    }


def _megabytes(size: int) -> str:
    return str(int(size / _MEGABYTE)) if size else ""
