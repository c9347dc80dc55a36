"""A region's Kubernetes API."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as in its manifest: apiVersion and kind."""

    api_version: str
    kind: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Kind":
        """The kind that a manifest declares."""
        return cls(manifest["apiVersion"], manifest["kind"])


DEPLOYMENT = Kind("apps/v1", "Deployment")
POD = Kind("v1", "Pod")
CONFIG_MAP = Kind("v1", "ConfigMap")
NAMESPACE = Kind("v1", "Namespace")
NODE = Kind("v1", "Node")
LEASE = Kind("coordination.k8s.io/v1", "Lease")
GATEWAY = Kind("gateway.networking.k8s.io/v1", "Gateway")
HTTP_ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute")
SCALED_OBJECT = Kind("keda.sh/v1alpha1", "ScaledObject")
DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget")


@dataclass(frozen=True, slots=True)
class Event:
    """One change seen by a watch: ADDED, MODIFIED or DELETED; LISTED starts a list anew."""

    type: str
    object: Object


class Cluster(Protocol):
    """One region's API server. `region` is its name in the platform file."""

    region: str

    async def version(self) -> str:
        """The server's version, such as v1.37.2."""

    async def kinds(self) -> frozenset[Kind]:
        """Every kind that the server knows."""

    async def list(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> list[Object]:
        """All objects of a kind, a page at a time; `selector` is a label selector."""

    async def read(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None if there is none."""

    async def apply(
        self, manifest: Object, *, dry_run: bool = False, force: bool = False
    ) -> Object:
        """Server-side apply with infctl's field manager; returns the object as stored.

        A uid or resourceVersion in the metadata is a precondition; of the two only a uid keeps an
        object that is gone from being made anew.
        Raises Conflict, with the other managers' names, where fields are owned by others.
        """

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        """JSON merge patch; a resourceVersion or uid in `patch` is a precondition."""

    async def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create one object with infctl's field manager; Conflict where the name is taken."""

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Delete one object, if it still is the one that was read; a missing one is no error.

        Raises Conflict where the uid or the resourceVersion is another one by now.
        """

    async def evict(
        self,
        name: str,
        namespace: str,
        *,
        uid: str | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Ask the Eviction API to end a pod; a missing one is no error.

        Raises Refused where a disruption budget forbids it now (429), Conflict where the name
        belongs to another pod by now. `annotations` are the Eviction object's own.
        """

    async def can(
        self, verb: str, kind: Kind, namespace: str | None = None, *, subresource: str = ""
    ) -> bool:
        """Whether the API server lets us (SelfSubjectAccessReview), never from a cache.

        An answer with an evaluation error is a no.
        """

    def watch(
        self, kind: Kind, namespace: str | None = None, selector: str = ""
    ) -> AsyncIterator[Event]:
        """List, then follow; lists again by itself when the server forgot our place (410)."""

    async def close(self) -> None:
        """Give back the connections."""
