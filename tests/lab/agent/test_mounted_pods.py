"""Pods with volumes on a real control plane, each container in mounts of its own."""

import json
import os
import subprocess
from typing import Any

import pytest
from real_agent import KUBECTL, Node, container, make_pod, state_of, wait_for

from infctl.lab import bubblewrap
from infctl.lab.agent.records import living
from infctl.lab.processes import is_alive

pytestmark = pytest.mark.control_plane


@pytest.fixture(autouse=True, scope="module")
def program() -> None:
    bubblewrap.ensure(print)
    bubblewrap.find_words()


def mount(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "mountPath": path, **more}


def settings(**data: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def execute(node: Node, place: str, pod: str, script: str) -> str:
    return node.plane.kubectl("-n", place, "exec", pod, "--", "sh", "-c", script)


def test_objects_are_files_that_follow_their_changes(node: Node, place: str) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "t0p"}}
    node.apply(place, settings(colour="blue"), secret)
    volumes = [
        {"name": "settings", "configMap": {"name": "settings"}},
        {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o400}},
    ]
    mounts = [mount("settings", "/etc/settings"), mount("keys", "/keys")]
    pod = make_pod("web", "exec sleep 60", volumes=volumes, container={"volumeMounts": mounts})
    node.apply(place, pod)
    node.wait_ready(place, "web")
    script = "cat /etc/settings/colour /keys/token; stat -Lc %a /keys/token"
    assert execute(node, place, "web", script) == "bluet0p400\n"
    assert "Read-only file system" in execute(node, place, "web", "touch /etc/settings/x")
    patch = json.dumps({"data": {"colour": "red"}})
    node.plane.kubectl("-n", place, "patch", "configmap", "settings", "-p", patch)
    wait_for(lambda: execute(node, place, "web", "cat /etc/settings/colour") == "red")


def test_a_volume_whose_object_is_missing_is_told_and_tried_again(node: Node, place: str) -> None:
    volumes = [{"name": "settings", "configMap": {"name": "settings"}}]
    own = {"volumeMounts": [mount("settings", "/settings")]}
    node.apply(place, make_pod("web", "exec sleep 60", volumes=volumes, container=own))
    said = 'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found'
    wait_for(lambda: ("FailedMount", said) in node.events(place))
    assert node.pod(place, "web")["status"]["phase"] == "Pending"
    node.apply(place, settings(a="b"))
    node.wait_ready(place, "web")


def test_a_volume_that_the_lab_does_not_have_is_named(node: Node, place: str) -> None:
    volumes = [{"name": "data", "hostPath": {"path": "/"}}]
    node.apply(place, make_pod("web", "exec sleep 60", volumes=volumes))
    said = ("FailedMount", "the lab has no such volumes: data (hostPath)")
    wait_for(lambda: said in node.events(place))
    assert node.pod(place, "web")["status"]["phase"] == "Pending"


def test_a_scratch_volume_is_shared_by_a_pods_containers(node: Node, place: str) -> None:
    shared = {"volumeMounts": [mount("tmp", "/var/scratch")]}
    parts = {"volumeMounts": [mount("tmp", "/part", subPath="a")]}
    script = "mkdir /var/scratch/a; echo made > /var/scratch/a/file"
    first = {"name": "first", "image": "toys/shell:1", "args": ["-c", script], **shared}
    pod = make_pod(
        "job",
        "cat /part/file; kill -9 $$$$",
        container=parts,
        initContainers=[first],
        volumes=[{"name": "tmp", "emptyDir": {}}],
        restartPolicy="Never",
    )
    node.apply(place, pod)
    pod = node.wait_pod(place, "job", lambda p: p["status"].get("phase") == "Failed")
    assert node.plane.kubectl("-n", place, "logs", "job", "-c", "main") == "made\n"
    assert state_of(pod)["terminated"]["exitCode"] == 137


def test_the_usual_credentials_let_a_pod_ask_the_api(node: Node, place: str) -> None:
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    script = f"cat {folder}/namespace; wc -l < {folder}/ca.crt; exec sleep 60"
    node.apply(place, make_pod("web", script, automountServiceAccountToken=True))
    node.wait_ready(place, "web")
    token = execute(node, place, "web", f"cat {folder}/token")
    words = ["--server", node.plane.url, "--certificate-authority", str(node.lab.ca)]
    told = subprocess.run(
        [str(KUBECTL), "--kubeconfig", "/dev/null", *words, "--token", token, "auth", "whoami"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert f"system:serviceaccount:{place}:default" in told.stdout
    assert node.plane.kubectl("-n", place, "logs", "web").startswith(place)


def test_sigterm_reaches_a_container_with_mounts(node: Node, place: str) -> None:
    script = "trap 'echo bye > /out/said; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    own = {"volumeMounts": [mount("tmp", "/out")]}
    pod = make_pod("web", script, volumes=[{"name": "tmp", "emptyDir": {}}], container=own)
    node.apply(place, pod)
    pod = node.wait_ready(place, "web")
    folder = node.scratch(pod).parent
    (folder / "volumes" / "tmp" / "said").touch()
    kept = node.lab.state / "said"
    os.link(folder / "volumes" / "tmp" / "said", kept)
    mine = living(folder.parent, folder.name)
    assert len(mine) == 3, "the container, bubblewrap and the shim"
    node.plane.kubectl("-n", place, "delete", "pod", "web")
    assert kept.read_text() == "bye\n"
    assert not any(map(is_alive, mine))


def test_a_command_that_is_not_there_is_a_start_error_behind_mounts_too(
    node: Node, place: str
) -> None:
    own = {"volumeMounts": [mount("tmp", "/out")], "command": ["/no/such"]}
    tmp = [{"name": "tmp", "emptyDir": {}}]
    node.apply(place, make_pod("web", volumes=tmp, container=own, restartPolicy="Never"))
    pod = node.wait_pod(place, "web", lambda p: "terminated" in state_of(p))
    ended = state_of(pod)["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)
    assert "/no/such" in ended["message"]
    assert container(pod)["restartCount"] == 0
