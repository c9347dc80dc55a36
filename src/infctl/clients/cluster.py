"""A region's Kubernetes API behind the port `Cluster`."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path

from infctl.clients import kubernetes_bodies as bodies
from infctl.clients.kubernetes_api import Api
from infctl.clients.kubernetes_discovery import ACCEPT, ROOTS, Resource, path_of, read_discovery
from infctl.clients.kubernetes_errors import Refusal
from infctl.clients.kubernetes_watch import follow
from infctl.errors import Conflict, InfctlError, Unreachable
from infctl.model.text import clean
from infctl.ports.cluster import POD, Event, Kind, Object

MANAGER = "infctl"
Objects = list[Object]
PAGE = 500
MOST_PAGES = 2000
_LISTS = 3
_GONE, _MISSING = 410, 404
_OLDER = ("APIVersions", "APIGroupList")
"""What a server answers that does not know aggregated discovery."""
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
        found = (await self._api.ask("GET", "/version")).get("gitVersion")
        if not isinstance(found, str):
            raise self._stranger()
        return clean(found, limit=80)

    async def kinds(self) -> frozenset[Kind]:
        """Every kind that the server knows now."""
        documents = await asyncio.gather(
            *(self._api.ask("GET", root, accept=ACCEPT) for root in ROOTS)
        )
        found: dict[Kind, Resource] = {}
        for document in documents:
            if document.get("kind") not in ("APIGroupDiscoveryList", *_OLDER):
                raise self._stranger()
            if document.get("kind") in _OLDER:
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
        return self._object(found) if found else None

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """Server-side apply with infctl's field manager."""
        metadata = manifest["metadata"]
        path = await self._path(Kind.of(manifest), metadata.get("namespace"), metadata["name"])
        query = {"fieldManager": MANAGER, "force": str(force).lower(), **_dry(dry_run)}
        found = await self._api.ask("PATCH", path, query=query, body=manifest, content_type=_APPLY)
        return self._object(found)

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        """JSON merge patch; a resourceVersion or uid in `patch` is a precondition."""
        path = await self._path(kind, namespace, name)
        query = {"fieldManager": MANAGER, **_dry(dry_run)}
        found = await self._api.ask("PATCH", path, query=query, body=patch, content_type=_MERGE)
        return self._object(found)

    async def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create one object with infctl's field manager; Conflict where the name is taken."""
        path = await self._path(Kind.of(manifest), manifest["metadata"].get("namespace"), "")
        query = {"fieldManager": MANAGER, **_dry(dry_run)}
        return self._object(await self._api.ask("POST", path, query=query, body=manifest))

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Delete one object, if it still is the one that was read; a missing one is no error."""
        path = await self._path(kind, namespace, name, missing=True)
        if path:
            options = bodies.delete_options(uid, resource_version)
            await self._api.ask("DELETE", path, body=options, missing=True)

    async def evict(
        self,
        name: str,
        namespace: str,
        *,
        uid: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Ask the Eviction API to end a pod; a missing one is no error.

        With another uid the server itself tries again for ten seconds before it says so.
        """
        found = await self.read(POD, name, namespace) if uid else None
        if found and found["metadata"].get("uid") != uid:
            raise Conflict(
                f"{self.region}: Pod {name} is not the one that was read: its uid is new"
            )
        path = f"{await self._path(POD, namespace, name)}/eviction"
        body = bodies.eviction(name, namespace, uid, annotations)
        query = {"fieldManager": MANAGER}
        await self._api.ask("POST", path, query=query, body=body, missing=True)

    async def can(
        self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = ""
    ) -> bool:
        """Whether the API server lets us, asked anew each time."""
        if kind not in self._resources:
            await self.kinds()
        resource = self._resources.get(kind)
        if resource is None:
            return False
        body = bodies.access_review(verb, kind, resource.plural, namespace, subresource)
        return bodies.is_allowed(await self._api.ask("POST", bodies.REVIEWS, body=body))

    async def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncGenerator[Event, None]:
        """List, then follow; lists again by itself when the server forgot our place (410)."""

        async def relist() -> tuple[Objects, str]:
            return await self._list(kind, namespace, selector)

        def stream(version: str) -> AsyncGenerator[Object, None]:
            return self._stream(kind, namespace, selector, version)

        async with aclosing(follow(relist, stream)) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    async def _list(self, kind: Kind, namespace: str | None, selector: str) -> tuple[Objects, str]:
        """The objects and the list's version; begun anew where its pages expired."""
        path = await self._path(kind, namespace, "")
        for _ in range(_LISTS):
            try:
                return await self._pages(kind, path, _selected(selector))
            except Refusal as error:
                if error.status != _GONE:
                    raise
        raise Unreachable(f"{self.region}: the pages of {kind.kind} expire before they are read")

    async def _pages(
        self, kind: Kind, path: str, selected: Mapping[str, str]
    ) -> tuple[Objects, str]:
        found: Objects = []
        query = {"limit": str(PAGE), **selected}
        for _ in range(MOST_PAGES):
            page = self._object(await self._api.ask("GET", path, query=query))
            items, metadata = page.get("items") or [], page["metadata"]
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise self._stranger()
            found += [self._object({**_type(kind), **item}) for item in items]
            if not metadata.get("continue"):
                return found, str(metadata.get("resourceVersion", ""))
            query["continue"] = str(metadata["continue"])
        raise Unreachable(f"{self.region}: the list of {kind.kind} has no end")

    async def _stream(
        self, kind: Kind, namespace: str | None, selector: str, version: str
    ) -> AsyncGenerator[Object, None]:
        path = await self._path(kind, namespace, "")
        query = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "240",
            **_selected(selector),
        }
        async with aclosing(self._api.stream(path, query)) as events:
            async for event in events:
                yield event

    def _object(self, found: Object) -> Object:
        """What has metadata; anything else is no answer of a Kubernetes API."""
        if not isinstance(found.get("metadata"), dict):
            raise self._stranger()
        return found

    def _stranger(self) -> Unreachable:
        return Unreachable(
            f"what answers as the Kubernetes API of {self.region} does not speak its API"
        )

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


def _type(kind: Kind) -> Object:
    """Items of a list come without their type."""
    return {"apiVersion": kind.api_version, "kind": kind.kind}


def _dry(dry_run: bool) -> Mapping[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _selected(selector: str) -> Mapping[str, str]:
    return {"labelSelector": selector} if selector else {}
