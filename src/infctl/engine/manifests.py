"""Which objects operations may apply and remove, and how they are named in arguments."""

import re
from collections.abc import Mapping
from typing import Any

from infctl.engine import arguments
from infctl.errors import ConfigurationError
from infctl.ports.cluster import Kind

SYSTEM = "infctl-system"
_NOT_APPLIED = frozenset(
    {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "CustomResourceDefinition",
        "APIService",
        "Node",
        "Secret",
    }
)
"""Secrets never lie in a journal; the others are the fence itself, or hold every object in hand."""
_NOT_REMOVED = _NOT_APPLIED | {"Namespace", "PersistentVolume", "PersistentVolumeClaim", "Pod"}
"""With these goes what nobody can put back; delete_pod ends pods."""
_API_VERSION = re.compile(r"([a-z0-9][a-z0-9.-]{0,251}/)?v[0-9][a-z0-9]{0,30}")


def api_version(value: Any) -> str:
    """The rule for an apiVersion: v1, apps/v1."""
    is_right = isinstance(value, str) and _API_VERSION.fullmatch(value) is not None
    return "" if is_right else "an apiVersion such as apps/v1"


TYPE: dict[str, arguments.Rule] = {
    "api_version": api_version,
    "kind": arguments.key,
}
"""The kind of an object in arguments."""


def require_manifest(kind: str, manifest: Mapping[str, Any]) -> None:
    """ConfigurationError where it is no manifest of an object that may be applied."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    named = {
        "api_version": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "name": metadata.get("name"),
    }
    for field, rule in {**TYPE, "name": arguments.key}.items():
        if problem := rule(named[field]):
            raise _wrong(kind, f"needs a {field}: {problem}")
    if "namespace" in metadata and arguments.name(metadata["namespace"]):
        raise _wrong(kind, "needs a namespace that is a name")
    if set(metadata) - {"name", "namespace", "labels", "annotations"}:
        raise _wrong(kind, "may hold name, namespace, labels and annotations as metadata alone")
    if "status" in manifest:
        raise _wrong(kind, "must not hold a status")
    if str(manifest["kind"]) in _NOT_APPLIED:
        raise _wrong(kind, f"must not be a {manifest['kind']}")
    _require_outside(kind, str(manifest["kind"]), metadata)


def require_removable(kind: str, args: Mapping[str, Any]) -> None:
    """ConfigurationError where the object may not be removed by a plan."""
    if args["kind"] in _NOT_REMOVED:
        raise _wrong(kind, f"must not be a {args['kind']}", "kind")
    _require_outside(kind, args["kind"], args)


def kind_of(args: Mapping[str, Any]) -> Kind:
    """The kind that arguments or a manifest name."""
    return Kind(args.get("api_version") or args["apiVersion"], args["kind"])


def _require_outside(kind: str, what: str, place: Mapping[str, Any]) -> None:
    is_system = what == "Namespace" and place.get("name") == SYSTEM
    if is_system or place.get("namespace") == SYSTEM:
        raise _wrong(kind, f"must not lie in {SYSTEM}: locks and fences do", "namespace")


def _wrong(kind: str, problem: str, argument: str = "manifest") -> ConfigurationError:
    return ConfigurationError(f"{kind}: `{argument}` {problem}", unchanged="nothing was done")
