"""Where the lock's witness may be."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from infctl.errors import ConfigurationError
from infctl.platform import load

ROOT = Path(__file__).parents[2]


def write(folder: Path, regions: int, lock: dict[str, Any] | None) -> Path:
    yaml = YAML(typ="safe", pure=True)
    tree = yaml.load((ROOT / "platform.yaml").read_text())
    tree["regions"] = tree["regions"][:regions]
    if lock is not None:
        tree["lock"] = lock
    path = folder / "platform.yaml"
    with path.open("w") as file:
        yaml.dump(tree, file)
    return path


@pytest.mark.parametrize(
    ("regions", "lock", "words"),
    [
        (2, None, "two regions need a witness"),
        (2, {}, "two regions need a witness"),
        (2, {"witness": "us-east-1"}, "`us-east-1` is one of the regions"),
        (3, {"witness": "eu-west-1"}, "`eu-west-1` is one of the regions"),
        (2, {"witness": "Frankfurt!"}, "witness"),
        (2, {"witnes": "eu-central-1"}, "did you mean witness"),
    ],
)
def test_a_witness_that_could_not_break_a_tie_is_refused(
    tmp_path: Path, regions: int, lock: dict[str, Any] | None, words: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(write(tmp_path, regions, lock))
    assert words in error.value.what


@pytest.mark.parametrize(("regions", "lock"), [(3, None), (2, {"witness": "eu-central-1"})])
def test_three_regions_or_a_witness_are_enough(
    tmp_path: Path, regions: int, lock: dict[str, Any] | None
) -> None:
    platform = load(write(tmp_path, regions, lock))
    assert platform.lock.witness == (lock or {}).get("witness")
