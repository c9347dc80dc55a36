"""A plan of twelve steps on one real API server, what it starts from, and what it must lead to."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from real_control_plane import ControlPlane

from infctl.engine.autoscaling import PAUSED
from infctl.engine.operations.push_config import digest_of
from infctl.engine.operations.restart_deployment import ANNOTATION
from infctl.lab.cluster import Cluster, ClusterError
from infctl.model.plan import Operation, Plan, Step

Object = dict[str, Any]
WRITES = 14
"""Of twelve steps: to end a pod or an object is to mark it with the fence, then to delete it."""
EFFECTS = (
    ("patch", "configmaps", "note"),
    ("patch", "configmaps", "note"),
    ("create", "configmaps", "infctl-config"),
    ("patch", "configmaps", "infctl-config"),
    ("patch", "configmaps", "infctl-flags"),
    ("patch", "configmaps", "infctl-flags"),
    ("patch", "deployments", "web"),
    ("patch", "deployments", "web"),
    ("patch", "scaledobjects", "web"),
    ("patch", "httproutes", "web"),
    ("delete", "pods", "web-0"),
    ("delete", "configmaps", "old"),
)
"""What the server has to have taken once each: verb, resource, and how the name begins."""


@dataclass
class Twelve:
    """One run's own objects: their names end in `number`, so that runs share a namespace."""

    plane: ControlPlane
    namespace: str
    number: int
    others: Cluster
    made: list[str] = field(default_factory=list)

    def name(self, word: str) -> str:
        return f"{word}-{self.number}"

    def plan(self, timeout: float) -> Plan:
        """Each step after the one before."""
        steps = [
            Step(f"s{n:02}", operation, after=(f"s{n - 1:02}",) if n > 1 else (), timeout=timeout)
            for n, operation in enumerate(self._operations(), 1)
        ]
        return Plan("twelve", "twelve writes", "test", tuple(steps))

    def _operations(self) -> list[Operation]:
        web = {"name": self.name("web")}
        weights = {"stable": 1, "canary": 3}
        old = {"api_version": "v1", "kind": "ConfigMap", "name": self.name("old")}
        return [
            self._on("apply_object", manifest=self._map("note", text="one")),
            self._on("apply_object", manifest=self._map("note", text="two")),
            self._on("push_config", **self._config("one", 1)),
            self._on("push_config", **self._config("two", 2)),
            self._on("set_flag", flag=self.name("flag"), definition=_flag("on")),
            self._on("set_flag", flag=self.name("flag"), definition=_flag("off")),
            self._on("restart_deployment", **web),
            self._on("scale_deployment", **web, replicas=2, min_percent=0),
            self._on("pause_autoscaling", **web),
            self._on("set_route_weights", **web, weights=weights),
            self._on("delete_pod", name=self.name("web-0")),
            self._on("remove_object", **old),
        ]

    def _on(self, what: str, /, **args: Any) -> Operation:
        region = self.plane.region.name
        place = {} if what == "apply_object" else {"namespace": self.namespace}
        return Operation(what, {"region": region, **place, **args}, region=region)

    def _config(self, content: str, generation: int) -> Object:
        named = {"name": self.name("limits"), "content": content, "generation": generation}
        return {**named, "digest": digest_of(content)}

    def _object(self, api_version: str, kind: str, word: str, **rest: Any) -> Object:
        metadata = {"name": self.name(word), "namespace": self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}

    def _map(self, word: str, **data: str) -> Object:
        return self._object("v1", "ConfigMap", word, data=data)

    async def prepare(self) -> None:
        """All that the steps find, made by others."""
        labels = {"app": self.name("web")}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}}
        template = {"metadata": {"labels": labels}, "spec": _POD}
        backends = [{"name": n, "port": 80, "weight": 1} for n in ("stable", "canary")]
        group = "gateway.networking.k8s.io/v1"
        made = (
            ("api/v1", self._map("old", text="here")),
            ("api/v1", self._map("owner")),
            ("apis/apps/v1", self._object("apps/v1", "Deployment", "web", spec=spec)),
            (f"apis/{group}", self._object(group, "HTTPRoute", "web", spec=_rules(backends))),
            ("apis/keda.sh/v1alpha1", self._object("keda.sh/v1alpha1", "ScaledObject", "web")),
        )
        made[2][1]["spec"]["template"] = template
        made[4][1]["spec"] = {"scaleTargetRef": {"name": self.name("web")}, "triggers": _TRIGGERS}
        await asyncio.gather(*(self._create(root, found) for root, found in made))
        await self._make_pod()

    async def _create(self, root: str, found: Object) -> Object:
        path = self._path(root, f"{found['kind'].lower()}s")
        return dict(await self.others.create(path, found))

    def _path(self, root: str, plural: str) -> str:
        return f"/{root}/namespaces/{self.namespace}/{plural}"

    async def _make_pod(self) -> None:
        """Any object may be a controller; the built-in ones would let go of what is not theirs."""
        owner = await self.others.get(f"{self._path('api/v1', 'configmaps')}/{self.name('owner')}")
        pod = self._object("v1", "Pod", "web-0", spec=_POD)
        reference: Object = {"apiVersion": "v1", "kind": "ConfigMap", "name": self.name("owner")}
        reference |= {"controller": True, "uid": owner["metadata"]["uid"]}
        pod["metadata"]["ownerReferences"] = [reference]
        self.made.append((await self._create("api/v1", pod))["metadata"]["uid"])

    async def follow(self, method: str, path: str) -> None:
        """What controllers do as soon as a write was taken: a namesake, and a route taken up."""
        if method == "DELETE" and path.endswith(f"/pods/{self.name('web-0')}"):
            await self._make_pod()
        if path.endswith(f"/httproutes/{self.name('web')}"):
            found = await self.others.get(path)
            status = {"parents": [_parent(found["metadata"]["generation"])]}
            async with self.plane.cluster("gateway") as gateway:
                await gateway.patch(f"{path}/status", {"status": status})

    async def picture(self) -> dict[str, Any]:
        """What is there now, by the words of the steps, as the server itself says."""
        maps, pods = (self._path("api/v1", k) for k in ("configmaps", "pods"))
        names = ("note", "infctl-config-limits", "old")
        note, config, old = [await self._get(f"{maps}/{self.name(n)}") for n in names]
        flags = await self._get(f"{maps}/infctl-flags")
        web = await self._get(f"{self._path('apis/apps/v1', 'deployments')}/{self.name('web')}")
        scaled = self._path("apis/keda.sh/v1alpha1", "scaledobjects")
        routes = self._path("apis/gateway.networking.k8s.io/v1", "httproutes")
        route = await self._get(f"{routes}/{self.name('web')}")
        paused = await self._get(f"{scaled}/{self.name('web')}")
        pod = await self._get(f"{pods}/{self.name('web-0')}")
        backends = route["spec"]["rules"][0]["backendRefs"]
        template = web["spec"]["template"]["metadata"].get("annotations") or {}
        return {
            "note": note.get("data"),
            "config": (config.get("data") or {}).get("generation"),
            "flag": f'"{self.name("flag")}"' in str((flags.get("data") or {}).get("flags.json")),
            "replicas": web["spec"]["replicas"],
            "restart": template.get(ANNOTATION),
            "web": web["metadata"]["generation"],
            "paused": (paused["metadata"].get("annotations") or {}).get(PAUSED),
            "weights": [b["weight"] for b in backends],
            "route": route["metadata"]["generation"],
            "pod": self.made.index(pod["metadata"]["uid"]),
            "old": old.get("data"),
        }

    async def _get(self, path: str) -> Object:
        try:
            return dict(await self.others.get(path))
        except ClusterError as error:
            if error.status != 404:
                raise
            return {}


def wanted(run: str) -> dict[str, Any]:
    """After the plan; generations count what the server took for a change, and pods the ended."""
    return {
        "note": {"text": "two"},
        "config": "2",
        "flag": True,
        "replicas": 2,
        "restart": f"{run}/s07",
        "web": 3,
        "paused": "true",
        "weights": [1, 3],
        "route": 2,
        "pod": 1,
        "old": None,
    }


def taken_back(run: str) -> dict[str, Any]:
    """After its undo: a restart and the end of a pod stay, each change is a generation more."""
    found = dict.fromkeys(("note", "config", "paused"))
    found |= {"flag": False, "replicas": 0, "weights": [1, 1], "old": {"text": "here"}}
    return {**found, "restart": f"{run}/s07", "web": 4, "route": 3, "pod": 1}


def _flag(default: str) -> Object:
    return {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": default}


def _rules(backends: list[Object]) -> Object:
    return {"rules": [{"backendRefs": backends}]}


def _parent(generation: int) -> Object:
    words = [
        {
            "type": word,
            "status": "True",
            "reason": word,
            "message": "",
            "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        for word in ("Accepted", "ResolvedRefs")
    ]
    return {"parentRef": {"name": "any"}, "controllerName": "infctl.dev/none", "conditions": words}


_POD: Object = {
    "nodeSelector": {"infctl.dev/none": "true"},
    "containers": [{"name": "server", "image": "infctl.dev/none:1"}],
}
_TRIGGERS = [{"type": "cpu", "metadata": {"value": "50"}}]
