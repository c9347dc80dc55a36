"""An API server that is overloaded: its priority and fairness answers 429 to all but its own parts.

People and workloads get one seat between them, and a flood of ours sits on it.
"""

import asyncio
import itertools
from collections.abc import Collection
from typing import Any

from infctl.lab import credentials
from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.errors import LabError
from infctl.lab.spec import Lab, Region
from infctl.lab.supervisor.fault import Fault
from infctl.lab.supervisor.flood import Flood

NAME = "infctl-overload"
_API = "flowcontrol.apiserver.k8s.io/v1"
_MANAGER = "infctl-lab"
_STRUCK = frozenset({"infctl:operators", "infctl:viewers", "system:masters"})
_EVERYBODY = "system:authenticated"
_SECONDS = 8.0


class Overload:
    """The hand on the API servers."""

    part = "api"
    kinds = ("overload",)

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._floods: dict[str, Flood] = {}

    def regions_of(self, target: str) -> set[str]:
        """A region's API server is meant by its region."""
        return {r.name for r in self._lab.regions if target == f"region/{r.name}"}

    async def settle(self, region: Region, faults: list[Fault]) -> None:
        """Write the objects and begin the flood, or end and remove both."""
        try:
            async with asyncio.timeout(_SECONDS), self._cluster(region, "lab") as cluster:
                if faults:
                    await self._begin(cluster, region)
                else:
                    await self._end(cluster, region)
        except (ClusterError, TimeoutError, OSError) as error:
            raise LabError(
                f"the API server of {region.name}: {error or 'no 429 in time'}"
            ) from error

    async def _begin(self, cluster: Cluster, region: Region) -> None:
        for path, body in objects():
            await cluster.apply(path, body, manager=_MANAGER)
        flood = self._floods.get(region.name)
        if flood is None or not flood.is_on:
            flood = self._floods[region.name] = Flood(self._cluster(region, "operator"))
        await flood.refused.wait()

    async def _end(self, cluster: Cluster, region: Region) -> None:
        flood = self._floods.pop(region.name, None)
        if flood is not None:
            await flood.end()
        for path, _ in objects():
            await cluster.delete(path)

    def _cluster(self, region: Region, user: str) -> Cluster:
        return Cluster(self._lab.api_url(region), credentials.token(self._lab, user), self._lab.ca)


def objects() -> list[tuple[str, dict[str, Any]]]:
    """Each object with its path, in the order in which they are written. Pure."""
    limited = {
        "nominalConcurrencyShares": 0,
        "lendablePercent": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    groups = set(itertools.chain.from_iterable(credentials.USERS.values())) - _STRUCK
    return [
        # The region's own parts go on: nodes are not lost with it.
        _schema(f"{NAME}-spared", 980, "workload-high", groups),
        _object("PriorityLevelConfiguration", NAME, {"type": "Limited", "limited": limited}),
        _schema(NAME, 990, NAME, {_EVERYBODY}),
    ]


def _schema(
    name: str, precedence: int, level: str, groups: Collection[str]
) -> tuple[str, dict[str, Any]]:
    subjects = [{"kind": "Group", "group": {"name": group}} for group in sorted(groups)]
    rule = {
        "subjects": subjects,
        "resourceRules": [
            {
                "verbs": ["*"],
                "apiGroups": ["*"],
                "resources": ["*"],
                "clusterScope": True,
                "namespaces": ["*"],
            }
        ],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }
    specification = {
        "matchingPrecedence": precedence,
        "priorityLevelConfiguration": {"name": level},
        "rules": [rule],
    }
    return _object("FlowSchema", name, specification)


def _object(kind: str, name: str, specification: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    body = {"apiVersion": _API, "kind": kind, "metadata": {"name": name}, "spec": specification}
    return f"/apis/{_API}/{kind.lower()}s/{name}", body
