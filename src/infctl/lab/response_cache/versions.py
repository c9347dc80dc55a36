"""Which version of each model a region's Deployments serve. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

MODELS_ANNOTATION = "infctl.dev/models"
_WORD = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model, as a folder's name has it."""

    model: str
    version: str
    digest: str

    @property
    def folder(self) -> str:
        """Unique for the digest; nginx reads model and version out of it."""
        return f"{self.model}~{self.version}~{self.digest}"


def served_versions(deployments: Iterable[Object]) -> dict[str, Version]:
    """By model, the version that all its pods serve.

    A model is not in it while versions change, or where two Deployments serve different ones: whose
    answer it would be is then a matter of chance.
    """
    found: dict[str, set[Version | None]] = {}
    for deployment in deployments:
        for name, version in _declared(deployment).items():
            found.setdefault(name, set()).add(version if _is_settled(deployment) else None)
    single = {name: versions.pop() for name, versions in found.items() if len(versions) == 1}
    return {name: version for name, version in single.items() if version is not None}


def _declared(deployment: Object) -> dict[str, Version]:
    text = (deployment["metadata"].get("annotations") or {}).get(MODELS_ANNOTATION, "[]")
    if deployment["spec"].get("replicas") == 0 and not deployment.get("status", {}).get("replicas"):
        return {}
    try:
        made = [_version(item) for item in json.loads(text)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {version.model: version for version in made if version}


def _version(item: Object) -> Version | None:
    model, version = str(item["name"]), str(item["version"])
    digest = _DIGEST.fullmatch(str(item["digest"]))
    if not (digest and _WORD.fullmatch(model) and _WORD.fullmatch(version)):
        return None
    return Version(model, version, digest[1])


def _is_settled(deployment: Object) -> bool:
    """Whether all its pods are of its newest template."""
    status, metadata = deployment.get("status") or {}, deployment["metadata"]
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        return False
    return bool(status.get("replicas", 0) == status.get("updatedReplicas", 0) > 0)
