import json
from pathlib import Path

from gateway_objects import KEY, a_backend_ref, a_route, a_rule, by_key, some_objects

from infctl.lab.gateway.files import make_folders, retire, write_resources
from infctl.lab.gateway.objects import Objects, Place, Resources
from infctl.lab.gateway.sources import file_name
from infctl.lab.gateway.translation import translate

PLACE = Place("eu-west-1", "127.203.1.2", "127.203.1.17", "/logs/access.log")
STABLE, CANARY = "vision/vision-stable/8080", "vision/vision-canary/8080"


def made(objects: Objects) -> Resources:
    return translate(objects, PLACE, "/xds")


def to_canary() -> Objects:
    objects = some_objects()
    objects.routes = by_key(a_route(a_rule(a_backend_ref("vision-canary"))))
    return objects


def clusters(folder: Path) -> set[str]:
    return {c["name"] for c in json.loads((folder / "clusters.json").read_text())["resources"]}


def test_what_changed_is_written_once_in_the_order_of_use(tmp_path: Path) -> None:
    make_folders(tmp_path)
    kinds = ["endpoints", "clusters", "routes", "listeners"]
    assert write_resources(tmp_path, made(some_objects())) == kinds
    assert write_resources(tmp_path, made(some_objects())) == []
    objects = some_objects()
    objects.routes[KEY]["spec"]["rules"][0]["backendRefs"][0]["weight"] = 7
    assert write_resources(tmp_path, made(objects)) == ["routes"]
    assert not list(tmp_path.rglob("*.new"))


def test_a_cluster_stays_until_nobody_names_it(tmp_path: Path) -> None:
    make_folders(tmp_path)
    write_resources(tmp_path, made(some_objects()))
    write_resources(tmp_path, made(to_canary()))
    assert clusters(tmp_path) == {STABLE, CANARY}
    retire(tmp_path, made(to_canary()))
    assert clusters(tmp_path) == {CANARY}
    assert [p.name for p in (tmp_path / "endpoints").iterdir()] == [file_name(CANARY)]


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    make_folders(tmp_path)
    write_resources(tmp_path, made(some_objects()))
    assert {p.stat().st_mode & 0o777 for p in tmp_path.rglob("*.json")} == {0o600}


def test_names_that_differ_have_files_that_differ() -> None:
    assert file_name("a/b-c/1") != file_name("a-b/c/1")
    assert len(file_name("x" * 500)) < 255
    assert "/" not in file_name("../../etc/passwd")
