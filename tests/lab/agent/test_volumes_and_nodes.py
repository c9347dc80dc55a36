"""What volumes hold and where they are bound, and what a node says of itself."""

from pathlib import Path
from typing import Any

import pytest

from infctl.lab.agent import payload
from infctl.lab.agent.events import is_told
from infctl.lab.agent.facts import PodFacts
from infctl.lab.agent.nodes import NodePlace, is_ready, make_node, make_node_status, pods_per_node
from infctl.lab.agent.probing import port_number
from infctl.lab.agent.volumes import CannotMount, File, make_files, unknown_volumes
from infctl.lab.bubblewrap import Mount, mount_words

FACTS = PodFacts(
    uid="u-1",
    namespace="vision",
    name="web-0",
    node="eu-node-1",
    node_address="127.20.1.32",
    address="127.20.1.64",
    region="eu",
    cloud="",
    scratch="/scratch",
    labels={"b": 'say "so"', "a": "1"},
    containers={"main": {"name": "main", "resources": {"limits": {"memory": "512Mi"}}}},
)
MEMORY = {"containerName": "main", "resource": "limits.memory", "divisor": "1Mi"}
CONTENTS = {("ConfigMap", "settings"): {"colour": b"blue", "size": b"9"}, ("Secret", "keys"): None}


@pytest.mark.parametrize(
    ("volumes", "unknown"),
    [
        ([], []),
        ([{"name": "tmp", "emptyDir": {}}], []),
        ([{"name": "data", "hostPath": {"path": "/"}}], ["data (hostPath)"]),
        ([{"name": "data", "persistentVolumeClaim": {}}], ["data (persistentVolumeClaim)"]),
        ([{"name": "settings", "configMap": {"name": "x"}}], []),
        ([{"name": "all", "projected": {"sources": []}}], []),
    ],
)
def test_volumes_that_the_lab_has_not_are_named(
    volumes: list[dict[str, Any]], unknown: list[str]
) -> None:
    assert unknown_volumes({"volumes": volumes}) == unknown


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ({"configMap": {"name": "settings"}}, {"colour": b"blue", "size": b"9"}),
        (
            {"configMap": {"name": "settings", "items": [{"key": "size", "path": "a/b"}]}},
            {"a/b": b"9"},
        ),
        ({"secret": {"secretName": "keys", "optional": True}}, {}),
        ({"projected": {"sources": [{"secret": {"name": "keys", "optional": True}}]}}, {}),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
            {"token": b"t0p"},
        ),
        (
            {
                "downwardAPI": {
                    "items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]
                }
            },
            {"l": b'a="1"\nb="say \\"so\\""'},
        ),
        (
            {"downwardAPI": {"items": [{"path": "m", "resourceFieldRef": MEMORY}]}},
            {"m": b"512"},
        ),
        ({"emptyDir": {}}, {}),
    ],
)
def test_a_volume_holds_what_its_sources_give(
    source: dict[str, Any], files: dict[str, bytes]
) -> None:
    made = make_files({"name": "v", **source}, FACTS, CONTENTS, {("", 3600): "t0p"})
    assert {path: file.content for path, file in made.items()} == files


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"secret": {"secretName": "keys"}}, 'secret "keys" not found'),
        (
            {"configMap": {"name": "settings", "items": [{"key": "no", "path": "a"}]}},
            "non-existent config key: no",
        ),
        ({"projected": {"sources": [{"clusterTrustBundle": {}}]}}, "no clusterTrustBundle"),
        ({"downwardAPI": {"items": [{"path": "l"}]}}, "do not know"),
        ({"downwardAPI": {"items": [{"path": "l", "resourceFieldRef": {}}]}}, "no container ''"),
    ],
)
def test_what_a_volume_lacks_is_said(source: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotMount, match=said):
        make_files({"name": "v", **source}, FACTS, CONTENTS, {})


def test_files_change_all_at_one_moment_and_only_when_they_differ(tmp_path: Path) -> None:
    first = {"a": File(b"1"), "deep/b": File(b"2", 0o600)}
    assert payload.write(tmp_path, first)
    assert not payload.write(tmp_path, first)
    with (tmp_path / "a").open("rb") as old:
        assert payload.write(tmp_path, {"a": File(b"3")})
        assert old.read() == b"1"
    assert (tmp_path / "a").read_bytes() == b"3"
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("..")) == ["a"]
    assert len(list(tmp_path.iterdir())) == 3, "nothing of the old content remains"


def test_a_path_that_leads_out_of_its_volume_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leads out"):
        payload.write(tmp_path / "v", {"../../x": File(b"1")})


def test_a_place_that_is_not_there_is_made_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    source = tmp_path / "source"
    source.mkdir()
    words = mount_words([Mount(source, f"{tmp_path}/new/place", read_only=True)])
    assert words[:7] == ["--dev-bind", "/", "/", "--perms", "700", "--tmpfs", str(tmp_path)]
    assert ["--symlink", "file", f"{tmp_path}/link"] == words[words.index("--symlink") :][:3]
    assert words[-3:] == ["--ro-bind", str(source), f"{tmp_path}/new/place"]
    assert "--tmpfs" not in mount_words([Mount(source, str(source))])


PLACE = NodePlace("eu-west-1-node-2", "127.20.1.33", "eu-west-1", 2, pods=60)


def test_a_node_tells_its_place_and_its_kubelet() -> None:
    node = make_node(PLACE)
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "eu-west-1b"
    status = make_node_status(PLACE, "v1.37.2", 100.0, {})
    assert status["addresses"][0] == {"type": "InternalIP", "address": "127.20.1.33"}
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 10250
    assert status["allocatable"]["pods"] == "60"
    assert is_ready({"status": status})


@pytest.mark.parametrize(("nodes", "pods"), [(1, 191), (3, 63)])
def test_nodes_take_no_more_pods_than_there_are_addresses(nodes: int, pods: int) -> None:
    assert pods_per_node(nodes) == pods


def test_a_node_that_the_controller_gave_up_becomes_ready_with_a_new_date() -> None:
    lost = {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    assert not is_ready({"status": {"conditions": [lost]}})
    status = make_node_status(PLACE, "v1.37.2", 100.0, {"conditions": [lost]})
    assert status["conditions"][0]["lastTransitionTime"] == "1970-01-01T00:01:40Z"
    assert status["conditions"][0]["status"] == "True"


def test_repeated_events_are_written_ever_more_rarely() -> None:
    assert [n for n in range(1, 100) if is_told(n)] == [*range(1, 11), 16, 32, 64]


@pytest.mark.parametrize(("port", "number"), [(80, 80), ("81", 81), ("http", 8080)])
def test_a_probes_port_is_a_number_or_a_name(port: str | int, number: int) -> None:
    assert port_number({"ports": [{"name": "http", "containerPort": 8080}]}, port) == number


def test_a_port_without_that_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no port named grpc"):
        port_number({}, "grpc")
