"""The target of a ScaledObject through its `scale`, whatever kind it is."""

from dataclasses import dataclass

from infctl.lab.autoscaler.fallback import Workload
from infctl.lab.autoscaler.numbers import Refused, quoted
from infctl.lab.autoscaler.scaled import Target
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.cluster import Cluster, ClusterError

MANAGER = "keda"
"""The field manager by which others know that replicas are an autoscaler's."""
_GONE = 404


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target's objects are: API group, version, kind and plural."""

    group: str
    version: str
    kind: str
    plural: str

    def scale(self, namespace: str, name: str) -> str:
        """The path of its `scale`."""
        version = f"{self.group}/{self.version}" if self.group else self.version
        root = "apis" if self.group else "api"
        return f"/{root}/{version}/namespaces/{namespace}/{self.plural}/{name}/scale"


class Workloads:
    """Reads and writes replicas; kinds are found by discovery once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._places: dict[tuple[str, str], Place] = {}

    async def place(self, target: Target) -> Place:
        """Where the target's kind is; Refused where there is no such kind that scales."""
        key = (target.api_version, target.kind)
        if key not in self._places:
            self._places[key] = await self._discover(target)
        return self._places[key]

    async def _discover(self, target: Target) -> Place:
        group, _, version = target.api_version.rpartition("/")
        path = f"/apis/{target.api_version}" if group else f"/api/{version}"
        try:
            resources = (await self._cluster.get(path)).get("resources") or []
        except ClusterError as error:
            if error.status != _GONE:
                raise
            resources = []
        named = {r["name"] for r in resources if r["kind"] == target.kind}
        scaling = {r["name"] for r in resources if r["name"].endswith("/scale")}
        for plural in named:
            if f"{plural}/scale" in scaling:
                return Place(group, version, target.kind, plural)
        raise Refused(f"no kind {quoted(target.kind)} of {quoted(target.api_version)} scales")

    async def read(self, namespace: str, target: Target) -> Object:
        """The target's Scale; Refused where it is not there."""
        place = await self.place(target)
        try:
            return await self._cluster.get(place.scale(namespace, target.name))
        except ClusterError as error:
            if error.status == _GONE:
                raise Refused(f"{target.kind} {quoted(target.name)} is not there") from None
            raise

    async def set_replicas(self, namespace: str, target: Target, replicas: int) -> int:
        """Set the replicas; those from before are returned."""
        place = await self.place(target)
        scale = await self.read(namespace, target)
        before = replicas_of(scale)
        if before != replicas:
            body = {**scale, "spec": {**scale["spec"], "replicas": replicas}}
            path = f"{place.scale(namespace, target.name)}?fieldManager={MANAGER}"
            await self._cluster.replace(path, body)
        return before

    async def count(self, namespace: str, target: Target) -> Workload:
        """The replicas as wanted, and the pods that are ready."""
        scale = await self.read(namespace, target)
        selector = str(scale.get("status", {}).get("selector") or "")
        if not selector:
            return Workload(replicas_of(scale), 0)
        path = f"/api/v1/namespaces/{namespace}/pods"
        pods = (await self._cluster.get(path, labelSelector=selector)).get("items") or []
        return Workload(replicas_of(scale), sum(1 for pod in pods if _is_ready(pod)))


def replicas_of(scale: Object) -> int:
    """The replicas that a Scale wants."""
    return int(scale.get("spec", {}).get("replicas", 0))


def _is_ready(pod: Object) -> bool:
    status = pod.get("status", {})
    said = status.get("conditions") or ()
    is_ready = any(c["type"] == "Ready" and c["status"] == "True" for c in said)
    return is_ready and status.get("phase") == "Running"
