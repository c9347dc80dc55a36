"""Pods on a real control plane: they run, are probed, restart, and go as they would elsewhere."""

import json
import subprocess
import time
from typing import Any

import pytest
from real_agent import (
    KUBECTL,
    Node,
    container,
    is_ready,
    make_pod,
    state_of,
    wait_for,
)

pytestmark = pytest.mark.control_plane
PORTS = [{"name": "http", "containerPort": 8080}]


def probe(path: str, **more: Any) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1, **more}


def test_the_node_is_registered_ready_and_without_taints(node: Node) -> None:
    def registered() -> Any:
        found = json.loads(node.plane.kubectl("get", "node", node.name, "-o", "json"))
        return None if found["spec"].get("taints") else found

    found = wait_for(registered)
    assert found["metadata"]["labels"]["topology.kubernetes.io/zone"] == "eu-west-1a"
    assert found["status"]["declaredFeatures"] == ["ExtendWebSocketsToKubelet"]


def test_a_deployment_scales_up_is_ready_and_in_endpoints(node: Node, place: str) -> None:
    there = ("-n", place)
    node.plane.kubectl(*there, "create", "deployment", "web", "--image=toys/server:1")
    node.plane.kubectl(*there, "expose", "deployment", "web", "--port=8080")
    node.plane.kubectl(*there, "scale", "deployment/web", "--replicas=3")
    wait_for(lambda: len([p for p in node.pods(place) if is_ready(p)]) == 3)
    pods = node.pods(place)
    addresses = {p["status"]["podIP"] for p in pods}
    assert len(addresses) == 3
    prefix = f"239.{node.lab.number}.1."
    assert all(a.startswith(prefix) for a in addresses)

    def endpoints() -> set[str]:
        listed = node.plane.kubectl(*there, "get", "endpointslices", "-o", "json")
        slices = json.loads(listed)["items"]
        return {
            a
            for s in slices
            for e in s["endpoints"] or ()
            if e["conditions"]["ready"]
            for a in e["addresses"]
        }

    wait_for(lambda: endpoints() == addresses)
    rolled = node.plane.kubectl(*there, "rollout", "status", "deployment/web", "--timeout=10s")
    assert "successfully rolled out" in rolled
    node.plane.kubectl(*there, "delete", "deployment", "web")
    wait_for(lambda: not node.pods(place))


def test_readiness_follows_the_probe_and_events_tell_why_not(node: Node, place: str) -> None:
    ready = probe("/ready", failureThreshold=1)
    node.apply(place, make_pod("web", container={"ports": PORTS, "readinessProbe": ready}))
    pod = node.wait_ready(place, "web")
    bad = node.scratch(pod) / "ready.bad"
    bad.touch()
    node.wait_pod(place, "web", lambda p: not is_ready(p))
    bad.unlink()
    pod = node.wait_ready(place, "web")
    assert container(pod)["restartCount"] == 0, "readiness never restarts"
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    wait_for(lambda: ("Unhealthy", said) in node.events(place))


def test_readiness_waits_for_the_startup_probe(node: Node, place: str) -> None:
    own = {
        "ports": PORTS,
        "startupProbe": probe("/startup", failureThreshold=60),
        "readinessProbe": probe("/ready"),
    }
    script = "touch $HOME/startup.bad; exec sleep 1"
    first = {"name": "first", "image": "toys/shell:1", "args": ["-c", script]}
    node.apply(place, make_pod("web", container=own, initContainers=[first]))
    running = node.wait_pod(place, "web", lambda p: "running" in state_of(p))
    assert not container(running)["started"]
    wait_for(lambda: any("Startup probe failed" in m for _, m in node.events(place)))
    assert not is_ready(node.pod(place, "web"))
    (node.scratch(running) / "startup.bad").unlink()
    pod = node.wait_ready(place, "web")
    assert container(pod)["started"]
    (init,) = pod["status"]["initContainerStatuses"]
    assert init["state"]["terminated"]["reason"] == "Completed"


@pytest.mark.parametrize("kind", ["livenessProbe", "startupProbe"])
def test_a_failing_probe_restarts_the_container(node: Node, place: str, kind: str) -> None:
    own = {"ports": PORTS, kind: probe("/alive", failureThreshold=2)}
    first = {"name": "first", "image": "toys/shell:1", "args": ["-c", "touch $HOME/alive.bad"]}
    node.apply(place, make_pod("web", container=own, initContainers=[first]))
    pod = node.wait_pod(place, "web", lambda p: container(p).get("restartCount") == 1)
    (node.scratch(pod) / "alive.bad").unlink()
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 0, "it was told to end"
    assert any(
        reason == "Killing" and "will be restarted" in message
        for reason, message in node.events(place)
    )


def test_a_crashing_container_restarts_once_at_once_then_backs_off(node: Node, place: str) -> None:
    node.apply(place, make_pod("web", "echo going down; exit 7"))
    pod = node.wait_pod(
        place,
        "web",
        lambda p: state_of(p).get("waiting", {}).get("reason") == "CrashLoopBackOff",
    )
    assert container(pod)["restartCount"] == 1
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 7
    assert pod["status"]["phase"] == "Running"
    assert "back-off 10s" in state_of(pod)["waiting"]["message"]
    logs = node.plane.kubectl("-n", place, "logs", "web", "--previous")
    assert logs == "going down\n"
    assert any(reason == "BackOff" for reason, _ in wait_for(lambda: node.events(place)))


@pytest.mark.parametrize(
    ("policy", "code", "phase", "restarts"),
    [("Never", 0, "Succeeded", 0), ("Never", 4, "Failed", 0), ("OnFailure", 0, "Succeeded", 0)],
)
def test_the_restart_policy_decides_what_an_end_means(
    node: Node, place: str, policy: str, code: int, phase: str, restarts: int
) -> None:
    node.apply(place, make_pod("job", f"echo done; exit {code}", restartPolicy=policy))
    pod = node.wait_pod(place, "job", lambda p: p["status"].get("phase") == phase)
    assert state_of(pod)["terminated"]["exitCode"] == code
    assert container(pod)["restartCount"] == restarts
    assert node.plane.kubectl("-n", place, "logs", "job") == "done\n"


def test_an_unknown_image_is_a_pull_error_that_the_events_explain(node: Node, place: str) -> None:
    node.apply(place, make_pod("web", image="registry.invalid/no/such:1"))
    reasons = set()

    def waiting(pod: dict[str, Any]) -> bool:
        reasons.add(state_of(pod).get("waiting", {}).get("reason"))
        return "ImagePullBackOff" in reasons

    pod = node.wait_pod(place, "web", waiting)
    assert "ErrImagePull" in reasons
    assert pod["status"]["phase"] == "Pending"
    assert any("not in the lab's image table" in m for _, m in node.events(place))


def test_variables_come_from_the_pod_and_from_objects(node: Node, place: str) -> None:
    node.apply(
        place,
        {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": "blue"}},
        {"kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "t0p"}},
    )
    own = {
        "env": [
            {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "AT", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {
                "name": "COLOUR",
                "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}},
            },
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        ]
    }
    script = "echo $ME $AT $COLOUR $TOKEN"
    node.apply(place, make_pod("web", script, container=own, restartPolicy="Never"))
    pod = node.wait_pod(place, "web", lambda p: p["status"].get("phase") == "Succeeded")
    said = node.plane.kubectl("-n", place, "logs", "web")
    assert said == f"web {pod['status']['podIP']} blue t0p\n"


def test_a_missing_object_is_waited_for(node: Node, place: str) -> None:
    own = {"envFrom": [{"configMapRef": {"name": "later"}}]}
    node.apply(place, make_pod("web", "exec sleep 60", container=own))
    pod = node.wait_pod(
        place,
        "web",
        lambda p: state_of(p).get("waiting", {}).get("reason") == "CreateContainerConfigError",
    )
    assert state_of(pod)["waiting"]["message"] == 'configmap "later" not found'
    node.apply(place, {"kind": "ConfigMap", "metadata": {"name": "later"}, "data": {"a": "b"}})
    node.wait_ready(place, "web")


def test_several_containers_run_side_by_side(node: Node, place: str) -> None:
    pod = make_pod("web")
    other = {"name": "other", "image": "toys/shell:1", "args": ["-c", "echo beside; sleep 60"]}
    pod["spec"]["containers"].append(other)
    node.apply(place, pod)
    node.wait_ready(place, "web")
    assert node.plane.kubectl("-n", place, "logs", "web", "-c", "other") == "beside\n"


def test_deletion_lets_a_pod_finish_within_its_grace(node: Node, place: str) -> None:
    script = "trap 'sleep 1; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    node.apply(place, make_pod("web", script, terminationGracePeriodSeconds=20))
    node.wait_ready(place, "web")
    kubectl = (str(KUBECTL), "--kubeconfig", str(node.plane.kubeconfig), "-n", place)
    began = time.monotonic()
    deleting = subprocess.Popen([*kubectl, "delete", "pod", "web"], stdout=subprocess.DEVNULL)
    ending = node.wait_pod(place, "web", lambda p: p and not is_ready(p))
    assert ending["metadata"]["deletionTimestamp"]
    assert deleting.wait(20) == 0
    assert 1 <= time.monotonic() - began < 10
    assert any(m == "Stopping container main" for _, m in node.events(place))


def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace(node: Node, place: str) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    node.apply(place, make_pod("web", script, terminationGracePeriodSeconds=1))
    node.wait_ready(place, "web")
    began = time.monotonic()
    node.plane.kubectl("-n", place, "delete", "pod", "web")
    assert 1 <= time.monotonic() - began < 8
    wait_for(lambda: not node.pod(place, "web"))


def test_a_pre_stop_hook_runs_before_sigterm(node: Node, place: str) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo $WHERE > $HOME/hook; sleep 1"]}}}
    node.apply(place, make_pod("web", container={"lifecycle": hook}))
    pod = node.wait_ready(place, "web")
    node.plane.kubectl("-n", place, "delete", "pod", "web", "--wait=false")
    written = node.scratch(pod) / "hook"
    wait_for(written.exists)
    assert "told to end" not in _log_of(node, pod)
    node.wait_pod(place, "web", lambda p: not p)


def _log_of(node: Node, pod: dict[str, Any]) -> str:
    folder = node.scratch(pod).with_name("containers") / "main"
    return (folder / "0.log").read_text()


def test_a_forced_deletion_leaves_no_process(node: Node, place: str) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    node.apply(place, make_pod("web", script, terminationGracePeriodSeconds=300))
    pod = node.wait_ready(place, "web")
    node.plane.kubectl("-n", place, "delete", "pod", "web", "--force", "--grace-period=0")
    wait_for(lambda: not node.scratch(pod).parent.exists())
    assert node.pod(place, "web") == {}
