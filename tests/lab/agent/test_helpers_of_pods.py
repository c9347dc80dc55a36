"""What accompanies a pod's containers on a real control plane: sidecars, hooks, Jobs, terminals."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
from typing import Any

import pytest
from real_agent import KUBECTL, Node, container, is_ready, make_pod, state_of, wait_for

pytestmark = pytest.mark.control_plane


def sidecar(script: str, **more: Any) -> dict[str, Any]:
    own = {"name": "side", "image": "toys/shell:1", "args": ["-c", script]}
    return {**own, "restartPolicy": "Always", **more}


def first_state(pod: dict[str, Any]) -> dict[str, Any]:
    return dict(pod["status"]["initContainerStatuses"][0]["state"])


def test_a_sidecar_is_started_first_and_ended_last(node: Node, place: str) -> None:
    begin = {"exec": {"command": ["sh", "-c", "test -e $HOME/up"]}, "periodSeconds": 1}
    script = (
        "trap 'echo side >> $HOME/order; exit 0' TERM; "
        "sleep 0.5; touch $HOME/up; while :; do sleep 0.05; done"
    )
    main = (
        "test -e $HOME/up && echo helped; "
        "trap 'sleep 0.3; echo main >> $HOME/order; exit 0' TERM; while :; do sleep 0.05; done"
    )
    first = [sidecar(script, startupProbe=begin)]
    node.apply(place, make_pod("web", main, initContainers=first))
    pod = node.wait_ready(place, "web")
    assert "running" in first_state(pod)
    assert node.plane.kubectl("-n", place, "logs", "web", "-c", "main") == "helped\n"
    hook = node.scratch(pod) / "order"
    kept = node.lab.state / "order"
    os.link(_made(hook), kept)
    node.plane.kubectl("-n", place, "delete", "pod", "web")
    assert kept.read_text() == "main\nside\n"


def _made(path: Any) -> Any:
    path.touch()
    return path


def test_a_job_runs_to_its_end_though_its_sidecar_would_go_on(node: Node, place: str) -> None:
    template = {
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "initContainers": [sidecar("while :; do sleep 0.05; done")],
            "containers": [{"name": "main", "image": "toys/shell:1", "args": ["-c", "echo done"]}],
        }
    }
    spec = {"completions": 2, "parallelism": 1, "template": template}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sum"}, "spec": spec}
    _create(node, place, job)
    waited = node.plane.kubectl(
        "-n", place, "wait", "job/sum", "--for=condition=Complete", "--timeout=25s"
    )
    assert "condition met" in waited
    assert [p["status"]["phase"] for p in node.pods(place)] == ["Succeeded", "Succeeded"]


def test_a_job_gives_up_at_its_limit(node: Node, place: str) -> None:
    template = {
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "toys/shell:1", "args": ["-c", "exit 3"]}],
        }
    }
    spec = {"backoffLimit": 0, "template": template}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "bad"}, "spec": spec}
    _create(node, place, job)
    waited = node.plane.kubectl(
        "-n", place, "wait", "job/bad", "--for=condition=Failed", "--timeout=25s"
    )
    assert "condition met" in waited
    assert [state_of(p)["terminated"]["exitCode"] for p in node.pods(place)] == [3]


def test_a_job_of_a_schedule_runs_through(node: Node, place: str) -> None:
    kubectl = node.plane.kubectl
    kubectl(
        *("-n", place, "create", "cronjob", "nightly", "--image=toys/shell:1"),
        *("--schedule=0 3 * * *", "--restart=Never", "--", "sh", "-c", "echo night"),
    )
    kubectl("-n", place, "create", "job", "now", "--from=cronjob/nightly")
    waited = kubectl("-n", place, "wait", "job/now", "--for=condition=Complete", "--timeout=25s")
    assert "condition met" in waited
    assert "night" in kubectl("-n", place, "logs", "job/now")


def _create(node: Node, place: str, item: dict[str, Any]) -> None:
    command = [str(KUBECTL), "--kubeconfig", str(node.plane.kubeconfig), "-n", place]
    subprocess.run([*command, "create", "-f", "-"], input=json.dumps(item), text=True, check=True)


def test_a_hook_of_the_start_that_fails_restarts_the_container(node: Node, place: str) -> None:
    script = "test -e $HOME/second || { touch $HOME/second; echo no; exit 4; }"
    hook = {"postStart": {"exec": {"command": ["sh", "-c", script]}}}
    node.apply(place, make_pod("web", "exec sleep 60", container={"lifecycle": hook}))
    pod = node.wait_pod(
        place, "web", lambda p: is_ready(p) and container(p).get("restartCount") == 1
    )
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 143
    said = ("FailedPostStartHook", "PostStartHook failed: command ended with 4: no")
    wait_for(lambda: said in node.events(place))


def test_a_terminal_is_one_and_has_the_size_of_the_clients(node: Node, place: str) -> None:
    node.apply(place, make_pod("web", "exec sleep 60"))
    node.wait_ready(place, "web")
    command = [str(KUBECTL), "--kubeconfig", str(node.plane.kubeconfig), "-n", place]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    script = (
        "tty -s && echo a terminal; read line; echo got $line; "
        "until test \"$(stty size)\" = '33 77'; do sleep 0.05; done; echo sized; exit 6"
    )
    words = [*command, "exec", "-it", "web", "--", "sh", "-c", script]
    # kubectl asks the terminal of its output for the size.
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs)
    os.close(theirs)
    os.write(ours, b"hello\n")
    try:
        code = process.wait(20)
    finally:
        process.kill()
        said = os.read(ours, 4096).decode()
        os.close(ours)
    assert code == 6, said
    assert "a terminal" in said
    assert "got hello" in said
    assert "sized" in said
