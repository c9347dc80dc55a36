"""The JSON Schema of the platform file, for editors and CI."""

import copy
from typing import Any

from infctl.platform.model import Platform

Schema = dict[str, Any]

ADDRESS = "https://json-schema.org/draft/2020-12/schema"
_FIXED = ("apiVersion", "kind", "default_environment", "environments")
_OVERLAY = "Overlay"


def build_schema() -> Schema:
    """The published schema; an environment may hold any part of the platform beside its class."""
    schema = Platform.model_json_schema(by_alias=True, mode="validation")
    definitions = schema["$defs"]
    overlays = {f"{_OVERLAY}{name}": _partial(d) for name, d in definitions.items()}
    environment = definitions["Environment"]
    for name, content in schema["properties"].items():
        if name not in _FIXED:
            environment["properties"][name] = _refer(content)
    del overlays[f"{_OVERLAY}Environment"]
    definitions.update(overlays)
    return {"$schema": ADDRESS, "$id": "urn:infctl.dev:v1:platform", **schema}


def _partial(definition: Schema) -> Schema:
    """A section of which any part may stand alone; things in lists keep their name."""
    partial: Schema = _refer(definition)
    if "name" in partial.get("required", []):
        partial["required"] = ["name"]
    else:
        partial.pop("required", None)
    return partial


def _refer(content: Any) -> Any:
    """A copy whose references point to the partial sections, without defaults."""
    if isinstance(content, dict):
        return {
            key: value.replace("#/$defs/", f"#/$defs/{_OVERLAY}")
            if key == "$ref"
            else _refer(value)
            for key, value in content.items()
            if key not in ("default", "minItems")
        }
    if isinstance(content, list):
        return [_refer(item) for item in content]
    return copy.deepcopy(content)
