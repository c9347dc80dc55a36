"""Rendered objects hold only fields that their kinds' definitions know, in the types they want."""

from typing import Any

import jsonschema
import pytest
import yaml  # type: ignore[import-untyped]

from infctl.lab import definitions
from infctl.platform import Platform
from infctl.platform.render.region import render_region

OURS = ("BackendTrafficPolicy", "ScaledObject", "ServiceMonitor", "PrometheusRule")


def _schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """The schema of each kind by apiVersion and kind."""
    found = {}
    for path in definitions.folder().glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            spec = document["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                found[key] = _closed(version["schema"]["openAPIV3Schema"])
    return found


def _closed(schema: Any) -> Any:
    """The same schema, refusing unknown fields as server-side apply does."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and not open_ended:
        closed.setdefault("additionalProperties", False)
    return closed


@pytest.mark.skipif(not any(definitions.folder().glob("*.yaml")), reason="no definitions yet")
@pytest.mark.parametrize("kind", OURS)
def test_a_rendered_object_fits_its_definition(platform: Platform, kind: str) -> None:
    schemas = _schemas()
    rendered = [m for m in render_region(platform, "eu-west-1").objects if m["kind"] == kind]
    assert rendered
    for manifest in rendered:
        schema = schemas[manifest["apiVersion"], kind]["properties"]["spec"]
        jsonschema.validate(manifest["spec"], schema)
