"""A region's Kubernetes API behind the port `Cluster`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from infctl.clients.kubernetes_api import Api
from infctl.clients.kubernetes_discovery import ACCEPT, ROOTS, Resource, path_of, read_discovery
from infctl.clients.kubernetes_errors import Refusal
from infctl.clients.kubernetes_watch import follow
from infctl.errors import InfctlError
from infctl.ports.cluster import Event, Kind, Object

MANAGER = "infctl"
Objects = list[Object]
PAGE = 500
_GONE, _MISSING = 410, 404
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


class KubernetesCluster:
    """One region's API server, through the official client."""

    def __init__(self, region: str, kubeconfig: Path, context: str) -> None:
        self.region = region
        self._api = Api(region, kubeconfig, context)
        self._resources: dict[Kind, Resource] = {}

    async def version(self) -> str:
        """The server's version, such as v1.37.2."""
        return str((await self._api.ask("GET", "/version")).get("gitVersion", ""))

    async def kinds(self) -> frozenset[Kind]:
        """Every kind that the server knows now."""
        documents = await asyncio.gather(
            *(self._api.ask("GET", root, accept=ACCEPT) for root in ROOTS)
        )
        found: dict[Kind, Resource] = {}
        for document in documents:
            if document.get("kind") != "APIGroupDiscoveryList":
                raise InfctlError(
                    f"{self.region}: the Kubernetes API has no aggregated discovery",
                    hint="infctl needs Kubernetes 1.30 or later",
                )
            found |= read_discovery(document)
        self._resources = found
        return frozenset(found)

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> list[Object]:
        """All objects of a kind, a page at a time."""
        return (await self._list(kind, namespace, selector))[0]

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None if there is none."""
        path = await self._path(kind, namespace, name, missing=True)
        found = await self._api.ask("GET", path, missing=True) if path else {}
        return found or None

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """Server-side apply with infctl's field manager."""
        metadata = manifest["metadata"]
        path = await self._path(Kind.of(manifest), metadata.get("namespace"), metadata["name"])
        query = {"fieldManager": MANAGER, "force": str(force).lower(), **_dry(dry_run)}
        return await self._api.ask("PATCH", path, query=query, body=manifest, content_type=_APPLY)

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        """JSON merge patch; a resourceVersion or uid in `patch` is a precondition."""
        path = await self._path(kind, namespace, name)
        query = {"fieldManager": MANAGER, **_dry(dry_run)}
        return await self._api.ask("PATCH", path, query=query, body=patch, content_type=_MERGE)

    async def delete(
        self, kind: Kind, name: str, namespace: str | None = None, *, uid: str | None = None
    ) -> None:
        """Delete one object, if it still is the one with that uid; a missing one is no error."""
        path = await self._path(kind, namespace, name, missing=True)
        if path:
            options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
            if uid:
                options["preconditions"] = {"uid": uid}
            await self._api.ask("DELETE", path, body=options, missing=True)

    async def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[Event]:
        """List, then follow; lists again by itself when the server forgot our place (410)."""

        async def relist() -> tuple[Objects, str]:
            return await self._list(kind, namespace, selector)

        def stream(version: str) -> AsyncIterator[Object]:
            return self._stream(kind, namespace, selector, version)

        async for event in follow(relist, stream):
            yield event

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    async def _list(self, kind: Kind, namespace: str | None, selector: str) -> tuple[Objects, str]:
        path = await self._path(kind, namespace, "")
        found: Objects = []
        query = {"limit": str(PAGE), **_selected(selector)}
        while True:
            page = await self._api.ask("GET", path, query=query)
            metadata = page.get("metadata") or {}
            found += [_typed(kind, item) for item in page.get("items") or []]
            if not metadata.get("continue"):
                return found, str(metadata.get("resourceVersion", ""))
            query["continue"] = metadata["continue"]

    async def _stream(
        self, kind: Kind, namespace: str | None, selector: str, version: str
    ) -> AsyncIterator[Object]:
        path = await self._path(kind, namespace, "")
        query = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "240",
            **_selected(selector),
        }
        async for event in self._api.stream(path, query):
            yield event

    async def _path(
        self, kind: Kind, namespace: str | None, name: str, *, missing: bool = False
    ) -> str:
        """The path of a kind; asks once more for a kind that is not known yet."""
        if kind not in self._resources:
            await self.kinds()
        resource = self._resources.get(kind)
        if resource is None:
            if missing:
                return ""
            raise Refusal(
                f"{self.region}: the cluster does not know {kind.kind} ({kind.api_version})",
                _MISSING,
            )
        return path_of(kind, resource, namespace, name)


def _typed(kind: Kind, item: Object) -> Object:
    """Items of a list come without their type."""
    return {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _dry(dry_run: bool) -> Mapping[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _selected(selector: str) -> Mapping[str, str]:
    return {"labelSelector": selector} if selector else {}
