"""Which version of a model all pods serve; the links to it, and the bounds of the disk."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infctl.lab.response_cache.controller import sweep
from infctl.lab.response_cache.links import write_links
from infctl.lab.response_cache.versions import Version, served_versions

ONE, TWO = "1" * 64, "2" * 64


def deployment(
    digest: str = ONE, version: str = "v1", name: str = "digits", **changed: Any
) -> dict[str, Any]:
    models = [{"name": name, "version": version, "digest": f"sha256:{digest}"}]
    status = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, **changed}
    return {
        "metadata": {"generation": 3, "annotations": {"infctl.dev/models": json.dumps(models)}},
        "spec": {"replicas": 2},
        "status": status,
    }


def switched_off() -> dict[str, Any]:
    made = deployment(TWO, replicas=0, updatedReplicas=0)
    made["spec"]["replicas"] = 0
    return made


V1 = Version("digits", "v1", ONE)
NOT_JSON = {"metadata": {"annotations": {"infctl.dev/models": "["}}, "spec": {}}
DEEP = {"metadata": {"annotations": {"infctl.dev/models": "[" * 100_000}}, "spec": {}}


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([deployment()], {"digits": V1}),
        ([deployment(), deployment()], {"digits": V1}),
        ([deployment(), deployment(TWO)], {}),
        ([deployment(), switched_off()], {"digits": V1}),
        ([deployment(replicas=3)], {}),
        ([deployment(observedGeneration=2)], {}),
        ([deployment(replicas=0, updatedReplicas=0)], {}),
        ([deployment(), deployment(name="wine", replicas=3)], {"digits": V1}),
        ([deployment(name="../x")], {}),
        ([deployment(version="v 1")], {}),
        ([deployment("z" * 64)], {}),
        ([NOT_JSON, deployment()], {"digits": V1}),
        ([DEEP, deployment()], {"digits": V1}),
        ([{"metadata": {}, "spec": {}}], {}),
        ([], {}),
    ],
)
def test_a_version_is_served_when_no_pod_serves_another(
    deployments: list[dict[str, Any]], expected: dict[str, Version]
) -> None:
    assert served_versions(deployments) == expected


def test_links_follow_the_versions(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    v2 = Version("digits", "v2", TWO)
    assert write_links(tmp_path, {"digits": V1}) == ["digits"]
    assert write_links(tmp_path, {"digits": V1}) == []
    assert write_links(tmp_path, {"digits": v2}) == ["digits"]
    assert (tmp_path / "models" / "digits").resolve() == tmp_path / "versions" / v2.folder
    assert write_links(tmp_path, {}) == ["digits"]
    assert not list((tmp_path / "models").iterdir())


def test_the_oldest_answers_go_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert sweep(tmp_path, 150) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
