"""What the store holds of a version, checked before anything is loaded. Standard library only."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .configuration import Model


class ArtifactError(Exception):
    """An artifact is not what its digest or its manifest says."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """The bytes of model.onnx with the digest that was asked for, and the golden examples."""

    model: Model
    content: bytes
    accuracy: float
    golden: tuple[dict[str, Any], ...]


def fetch(model: Model, read: Callable[[str], bytes]) -> Artifact:
    """Read a version through `read`; ArtifactError unless all of it fits."""
    folder = f"models/{model.name}/{model.version}"
    content = read(f"{folder}/model.onnx")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest != model.digest:
        raise ArtifactError(f"{model} has the digest {digest}, and {model.digest} was asked for")
    manifest = _parse(model, read(f"{folder}/manifest.json"))
    for key in ("name", "version", "digest"):
        if manifest.get(key) != getattr(model, key):
            raise ArtifactError(f"the manifest of {model} is about another {key}")
    golden = manifest.get("golden")
    if not isinstance(golden, list) or not golden:
        raise ArtifactError(f"the manifest of {model} holds no golden examples")
    return Artifact(model, content, _accuracy(manifest), tuple(golden))


def _parse(model: Model, content: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ArtifactError(f"the manifest of {model} is no JSON object")
    return plain


def _accuracy(manifest: dict[str, Any]) -> float:
    """The recorded accuracy; NaN where there is none."""
    found = manifest.get("accuracy")
    return float(found) if isinstance(found, int | float) else float("nan")
