"""The models that come along, and the platform files that name them and the server's image."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from running_server import MODELS, image, manifest_of

from infctl.drills.load.body import make_body

ROOT = Path(__file__).parents[3]
VERSIONS = [(name, version) for name in ("digits", "wine") for version in ("v1", "v2")]
FILES = [ROOT / "platform.yaml", ROOT / "src" / "infctl" / "platform" / "starter.yaml"]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_a_manifest_says_what_its_model_is(name: str, version: str) -> None:
    content = (MODELS / name / version / "model.onnx").read_bytes()
    manifest = manifest_of(name, version)
    assert len(content) < 200_000
    assert manifest["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (manifest["name"], manifest["version"]) == (name, version)
    assert 0.90 <= manifest["accuracy"] <= 1
    assert manifest["golden"]
    for example in manifest["golden"]:
        for tensors, described in (("inputs", "inputs"), ("outputs", "outputs")):
            assert [_kind(t) for t in example[tensors]] == [_kind(t) for t in manifest[described]]


def _kind(tensor: dict[str, Any]) -> tuple[str, str, list[int]]:
    """A tensor's name, datatype, and shape without the rows."""
    return tensor["name"], tensor["datatype"], tensor["shape"][1:]


@pytest.mark.parametrize("name", ["digits", "wine"])
def test_versions_of_a_model_take_the_same_and_answer_otherwise(name: str) -> None:
    first, second = manifest_of(name, "v1"), manifest_of(name, "v2")
    assert first["inputs"] == second["inputs"]
    assert first["outputs"] == second["outputs"]
    assert first["digest"] != second["digest"]
    for one, other in zip(first["golden"], second["golden"], strict=True):
        assert one["inputs"] == other["inputs"]
        assert one["outputs"] != other["outputs"]


def test_the_body_that_drills_send_fits_the_digits_model() -> None:
    sent = json.loads(make_body())["inputs"]
    assert [_kind(t) for t in sent] == [_kind(t) for t in manifest_of("digits", "v1")["inputs"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_platform_file_names_the_shipped_versions(file: Path) -> None:
    plain = YAML(typ="safe").load(file.read_text())
    assert plain["models"] == [
        {key: manifest_of(name, "v1")[key] for key in ("name", "version", "digest")}
        for name in ("digits", "wine")
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_platform_file_names_the_image_that_the_sources_make(file: Path) -> None:
    named = YAML(typ="safe").load(file.read_text())["server"]["image"]
    assert named == image().reference, (
        f"the image's sources changed: write {image().reference} into {file.name} "
        "(python -m infctl.lab.images list shows it)"
    )
