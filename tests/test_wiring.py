"""From an access file to ports that have not connected, and what stands in the way."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infctl.engine.locks import lock_sites
from infctl.errors import ConfigurationError
from infctl.platform import Platform, load
from infctl.platform.sections.lock import Lock
from infctl.platform.starter import starter
from infctl.wiring import fit, open_world, read_environment, state_folder

NAMES = ("us-east-1", "eu-west-1", "ap-south-1")


def access(kind: str = "sim", regions: tuple[str, ...] = NAMES) -> dict[str, Any]:
    places = {
        name: {"context": name, "prometheus": "http://127.0.0.1:9", "cloud": {"region": name}}
        for name in regions
    }
    return {
        "apiVersion": "infctl.dev/v1",
        "kind": "Environment",
        "name": "lab",
        "overlay": "lab",
        "class": kind,
        "kubeconfig": "/nowhere/config",
        "regions": places,
        "cloud": {"region": "us-east-1"},
    }


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "platform.yaml"
    path.write_text(starter(tmp_path))
    return load(path)


def write(content: dict[str, Any]) -> None:
    path = state_folder() / "environments" / "lab.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    path.chmod(0o600)


def test_without_an_access_file_it_is_told_where_one_belongs(platform: Platform) -> None:
    del platform
    with pytest.raises(ConfigurationError, match=r"environments/lab\.json") as caught:
        read_environment("lab")
    assert "infctl lab up" in caught.value.hint


async def test_a_world_has_ports_for_the_regions_that_both_files_name(platform: Platform) -> None:
    write(access(regions=NAMES[:2]))
    world = open_world(platform, "lab")
    assert set(world.clusters) == set(world.metrics) == set(world.stores) == set(NAMES[:2])
    assert world.faults is None
    await world.close()


async def test_regions_without_access_still_count_as_places_of_the_lock(
    platform: Platform,
) -> None:
    write(access(regions=NAMES[:1]))
    world = open_world(platform, "lab")
    assert world.absent == NAMES[1:]
    assert [site.name for site in lock_sites(world)] == sorted(NAMES)
    await world.close()


async def test_the_witness_is_the_third_place_of_two_regions_alone(platform: Platform) -> None:
    write(access(regions=NAMES[:2]) | {"left_out": [NAMES[2]]})
    named = platform.model_copy(update={"lock": Lock(witness="eu-central-1")})
    for found, places in ((named.without(NAMES[2:]), 3), (named, 3), (platform, 3)):
        world = open_world(found, "lab")
        assert len(lock_sites(world)) == places
        await world.close()
    assert "witness-eu-central-1" in [s.name for s in lock_sites(open_world(fit(named), "lab"))]


def test_a_witness_in_the_cloud_region_of_a_region_is_refused(platform: Platform) -> None:
    content = access()
    content["regions"][NAMES[1]]["cloud"]["region"] = "eu-central-1"
    write(content)
    named = platform.model_copy(update={"lock": Lock(witness="eu-central-1")})
    with pytest.raises(ConfigurationError, match="where eu-west-1 is"):
        open_world(named, "lab")


def test_a_switch_that_only_its_own_cloud_region_would_keep_is_refused(platform: Platform) -> None:
    content = access()
    for name in NAMES:
        content["regions"][name]["cloud"]["region"] = "eu-central-1"
    write(content)
    with pytest.raises(ConfigurationError, match="own cloud region eu-central-1 alone"):
        open_world(platform, "lab")


def test_a_class_that_differs_from_the_platform_files_is_refused(platform: Platform) -> None:
    write(access(kind="prod"))
    with pytest.raises(ConfigurationError, match="says prod"):
        open_world(platform, "lab")


def test_opening_a_world_loads_no_sdk() -> None:
    program = (
        "import sys, infctl.wiring; from infctl.clients import cluster, route53, object_store,"
        " prometheus, resolver, fault_injector; heavy = {'kubernetes', 'boto3', 'botocore', 'dns',"
        " 'prometheus_api_client', 'aiohttp', 'requests'} & set(sys.modules);"
        " assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
