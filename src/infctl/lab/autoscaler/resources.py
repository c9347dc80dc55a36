"""`metrics.k8s.io`: what nodes and pods use, as metrics-server tells it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from infctl.lab.autoscaler.discovery import RESOURCE, VERSION, failure
from infctl.lab.autoscaler.kubelets import Kubelets
from infctl.lab.autoscaler.triggers.common import Object
from infctl.lab.autoscaler.usage import NODE, Usage, containers_of, metadata_of
from infctl.lab.cluster import Cluster, ClusterError

_API = f"{RESOURCE}/{VERSION}"
_SELECTORS = ("labelSelector", "fieldSelector")


class ResourceMetrics:
    """Which objects there are is asked of the API server, which knows selectors best."""

    def __init__(self, cluster: Cluster, kubelets: Kubelets) -> None:
        self._cluster = cluster
        self._kubelets = kubelets

    def add_to(self, application: web.Application) -> None:
        """Serve the API."""
        add, root = application.router.add_get, f"/apis/{_API}"
        add(f"{root}/nodes", self._nodes)
        add(f"{root}/nodes/{{name}}", self._node)
        add(f"{root}/pods", self._pods)
        add(f"{root}/namespaces/{{namespace}}/pods", self._pods)
        add(f"{root}/namespaces/{{namespace}}/pods/{{name}}", self._pod)

    async def _nodes(self, request: web.Request) -> web.Response:
        return await self._list(request, "/api/v1/nodes", "NodeMetricsList", self._of_node)

    async def _node(self, request: web.Request) -> web.Response:
        path = f"/api/v1/nodes/{request.match_info['name']}"
        return await self._one(path, self._of_node)

    async def _pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        return await self._list(request, path, "PodMetricsList", self._of_pod)

    async def _pod(self, request: web.Request) -> web.Response:
        named = request.match_info
        path = f"/api/v1/namespaces/{named['namespace']}/pods/{named['name']}"
        return await self._one(path, self._of_pod)

    async def _list(self, request: web.Request, path: str, kind: str, make: Any) -> web.Response:
        query = {k: request.query[k] for k in _SELECTORS if k in request.query}
        try:
            found = (await self._cluster.get(path, **query)).get("items") or []
        except ClusterError as error:
            return _failed(error)
        items = [made for item in found if (made := make(item)) is not None]
        return web.json_response({"kind": kind, "apiVersion": _API, "metadata": {}, "items": items})

    async def _one(self, path: str, make: Any) -> web.Response:
        try:
            made = make(await self._cluster.get(path))
        except ClusterError as error:
            return _failed(error)
        if made is None:
            text = f"it has no metrics yet: {path.rpartition('/')[2]}"
            return web.json_response(failure(404, "NotFound", text), status=404)
        return web.json_response(made)

    def _of_node(self, item: Object) -> Object | None:
        used = self._kubelets.node(item["metadata"]["name"]).get(NODE)
        if used is None:
            return None
        return {**_head("NodeMetrics", item, [used]), "usage": used.describe()}

    def _of_pod(self, item: Object) -> Object | None:
        metadata, node = item["metadata"], item.get("spec", {}).get("nodeName", "")
        usages = self._kubelets.node(node)
        used = containers_of(usages, metadata["namespace"], metadata["name"])
        if not used or item.get("status", {}).get("phase") != "Running":
            return None
        containers = [{"name": name, "usage": u.describe()} for name, u in sorted(used.items())]
        return {**_head("PodMetrics", item, used.values()), "containers": containers}


def _head(kind: str, item: Mapping[str, Any], usages: Iterable[Usage]) -> Object:
    """Who it is, and the oldest of the windows."""
    oldest = min(usages, key=lambda usage: usage.at)
    at = datetime.fromtimestamp(oldest.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": kind,
        "apiVersion": _API,
        "metadata": metadata_of(item),
        "timestamp": at,
        "window": f"{oldest.window:.3f}s",
    }


def _failed(error: ClusterError) -> web.Response:
    code = error.status or 503
    reason = "NotFound" if code == 404 else "InternalError"
    return web.json_response(failure(code, reason, error.message), status=code)
