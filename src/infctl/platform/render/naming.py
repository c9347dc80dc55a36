"""The names, labels and annotations that all rendered objects share."""

from collections.abc import Mapping
from typing import Any

from infctl.platform.model import Platform

Object = dict[str, Any]

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "infctl"
NAME = "app.kubernetes.io/name"
TRACK = "infctl.dev/track"
REGION = "infctl.dev/region"
GENERATION = "infctl.dev/generation"
MODELS = "infctl.dev/models"
STABLE = "stable"
INVENTORY = "infctl-inventory"


def namespace(platform: Platform) -> str:
    """All objects of a service live in the namespace of its name."""
    return platform.service.name


def stable(platform: Platform) -> str:
    """The name of the stable track's objects."""
    return f"{platform.service.name}-{STABLE}"


def labels(platform: Platform) -> dict[str, str]:
    """What every object carries."""
    return {NAME: platform.service.name, MANAGED_BY: MANAGER}


def selector(platform: Platform) -> dict[str, str]:
    """What selects the pods of the stable track; never changed, since selectors cannot be."""
    return {NAME: platform.service.name, TRACK: STABLE}


def build(
    platform: Platform,
    api_version: str,
    kind: str,
    name: str,
    *,
    cluster_wide: bool = False,
    annotations: Mapping[str, str] | None = None,
    **content: Any,
) -> Object:
    """A manifest with our labels; `content` are its fields beside the metadata."""
    metadata: Object = {"name": name}
    if not cluster_wide:
        metadata["namespace"] = namespace(platform)
    metadata["labels"] = labels(platform)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
