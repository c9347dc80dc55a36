import json
from importlib.resources import files
from pathlib import Path

import pytest

from infctl.platform import Platform, lint, load
from infctl.platform.starter import starter

ROOT = Path(__file__).parents[2]
MODELS = Path(str(files("infctl"))) / "lab" / "models"


def test_the_repository_s_platform_file_is_what_init_writes() -> None:
    assert (ROOT / "platform.yaml").read_text() == starter(ROOT)


def test_a_started_platform_has_no_problems(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(starter(tmp_path))
    assert lint(path) == []
    assert load(path).models_folder == MODELS


@pytest.mark.skipif(not MODELS.is_dir(), reason="the models are not packaged yet")
def test_the_digests_are_those_of_the_packaged_manifests(platform: Platform) -> None:
    for model in platform.models:
        manifest = MODELS / model.name / model.version / "manifest.json"
        assert json.loads(manifest.read_text())["digest"] == model.digest
