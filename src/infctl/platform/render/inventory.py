"""The inventory: what was applied in a region, so that what is no longer wanted can be removed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infctl.platform.model import Platform
from infctl.platform.render.naming import GENERATION, INVENTORY, Object, build

_KEY = "objects"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An object by kind and name; `namespace` is empty for cluster-wide ones."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Reference":
        """The object that a manifest is about."""
        metadata = manifest["metadata"]
        namespace = metadata.get("namespace", "")
        return cls(manifest["apiVersion"], manifest["kind"], namespace, metadata["name"])

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def render_inventory(
    platform: Platform, references: Iterable[Reference], generation: str
) -> Object:
    """The ConfigMap; its references are sorted, so that the same set is the same bytes."""
    rows = [[r.api_version, r.kind, r.namespace, r.name] for r in sorted(set(references))]
    return build(
        platform,
        "v1",
        "ConfigMap",
        INVENTORY,
        annotations={GENERATION: generation},
        data={_KEY: json.dumps(rows, separators=(",", ":"))},
    )


def read_inventory(config_map: Mapping[str, Any] | None) -> frozenset[Reference]:
    """What an earlier apply left; an inventory that cannot be read is empty: nothing is pruned."""
    try:
        rows = json.loads((config_map or {})["data"][_KEY])
        return frozenset(Reference(*map(str, row)) for row in rows)
    except (KeyError, TypeError, ValueError):
        return frozenset()
