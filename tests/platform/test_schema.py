import json
from pathlib import Path

import jsonschema
import pytest

from infctl.platform.schema import build_schema

ROOT = Path(__file__).parents[2]


def _validate(path: Path) -> list[str]:
    from infctl.platform import source

    tree = source.parse(path.read_bytes(), str(path)).plain()
    validator = jsonschema.Draft202012Validator(build_schema())
    return [error.message for error in validator.iter_errors(tree)]


def test_the_published_schema_is_the_generated_one() -> None:
    published = (ROOT / "docs" / "schema" / "platform.json").read_text()
    assert json.loads(published) == build_schema(), (
        "infctl config schema > docs/schema/platform.json"
    )


def test_the_schema_accepts_the_repository_s_platform_file() -> None:
    assert _validate(ROOT / "platform.yaml") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ttl: 20s", "ttl: 20"),
        ("ttl: 20s", "tll: 20s"),
        ("class: sim", "class: other"),
        ("{class: sim}", "{class: sim, traffic: {tll: 1s}}"),
        ("weight: 100}", "weight: 300}"),
    ],
)
def test_the_schema_refuses_what_loading_refuses(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text((ROOT / "platform.yaml").read_text().replace(old, new, 1))
    assert _validate(path)


def test_an_overlay_may_hold_any_part_of_a_section(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    overlay = "{class: sim, traffic: {ttl: 10s}, regions: [{name: eu-west-1, weight: 5}]}"
    path.write_text((ROOT / "platform.yaml").read_text().replace("{class: sim}", overlay, 1))
    assert _validate(path) == []
