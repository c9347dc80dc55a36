"""What people type every day: apply, diff, scale, wait, rollout, logs, exec, drain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_agent import Node, wait_for
from walking import Walk, deployment

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(120)]
AVAILABLE = ("wait", "deployment/web", "--for=condition=Available", "--timeout=30s")


@pytest.fixture(scope="module")
def walk(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """One Deployment for all of them, since each builds on what stands there."""
    node.plane.make_namespace("walk")
    yield Walk(node, "walk", tmp_path_factory.mktemp("walk"))
    node.plane.remove_namespace("walk")


def test_what_is_applied_is_there_and_applied_again_unchanged(walk: Walk) -> None:
    path = walk.file(deployment(COLOUR="red"))
    assert walk.kubectl("apply", "-f", path).out == "deployment.apps/web created\n"
    assert walk.kubectl(*AVAILABLE).out == "deployment.apps/web condition met\n"
    assert walk.kubectl("apply", "-f", path).out == "deployment.apps/web unchanged\n"


def test_diff_says_what_would_change_and_nothing_where_nothing_would(walk: Walk) -> None:
    assert walk.kubectl("diff", "-f", walk.file(deployment(COLOUR="red"))).out == ""
    said = walk.kubectl("diff", "-f", walk.file(deployment(COLOUR="blue")), code=1)
    assert "-          value: red" in said.out
    assert "+          value: blue" in said.out
    assert walk.read("deployment", "web")["metadata"]["generation"] == 1


def test_a_rollout_is_followed_and_its_history_kept(walk: Walk) -> None:
    walk.kubectl("apply", "-f", walk.file(deployment(COLOUR="blue")))
    followed = walk.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert followed.out.endswith('deployment "web" successfully rolled out\n')
    history = walk.kubectl("rollout", "history", "deployment/web").out
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["1", "2"]
    second = walk.kubectl("rollout", "history", "deployment/web", "--revision=2").out
    assert "COLOUR:\tblue" in second


def test_a_rollout_is_undone(walk: Walk) -> None:
    assert "rolled back" in walk.kubectl("rollout", "undo", "deployment/web").out
    walk.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    container = walk.read("deployment", "web")["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "COLOUR", "value": "red"}]
    assert walk.kubectl("exec", "deploy/web", "--", "sh", "-c", "echo $COLOUR").out == "red\n"


def test_a_bad_rollout_is_told_and_what_serves_goes_on(walk: Walk) -> None:
    walk.kubectl("set", "image", "deployment/web", "main=no/such:1")
    late = walk.kubectl("rollout", "status", "deployment/web", "--timeout=2s", code=1)
    assert "timed out waiting for the condition" in late.err
    waited = ("wait", "pod", "-l", "app=web", "--for=condition=Ready", "--timeout=1s")
    assert "timed out" in walk.kubectl(*waited, code=1).err
    assert walk.read("deployment", "web")["status"]["availableReplicas"] == 2
    walk.kubectl("rollout", "undo", "deployment/web")
    walk.kubectl("rollout", "status", "deployment/web", "--timeout=30s")


def test_a_deployment_is_scaled_over_the_nodes_and_its_logs_followed(walk: Walk) -> None:
    assert walk.kubectl("scale", "deployment/web", "--replicas=4").out == (
        "deployment.apps/web scaled\n"
    )
    walk.kubectl("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=4")
    pods = walk.read("pods", "-l", "app=web")["items"]
    assert len({p["spec"]["nodeName"] for p in pods}) == 2
    said = walk.kubectl("logs", "-l", "app=web", "--prefix", "--tail=-1").out
    assert len([line for line in said.splitlines() if "hello from" in line]) == 4


def test_logs_are_followed_until_the_container_ends(walk: Walk) -> None:
    walk.kubectl(
        *("run", "talker", "--image=toys/shell:1", "--restart=Never"),
        *("--", "-c", "for n in 1 2 3; do echo line $n; sleep 0.3; done"),
    )
    walk.kubectl("wait", "pod/talker", "--for=jsonpath={.status.startTime}", "--timeout=20s")
    wait_for(lambda: not walk.kubectl("logs", "talker", code=None).code)
    assert walk.kubectl("logs", "-f", "talker").out == "line 1\nline 2\nline 3\n"
    assert walk.kubectl("logs", "talker", "--tail=1", "--timestamps").out.endswith(" line 3\n")


def test_a_drain_is_held_by_a_disruption_budget_and_then_let_go(walk: Walk) -> None:
    node = f"{walk.node.region.name}-node-2"
    walk.kubectl("create", "pdb", "web", "--selector=app=web", "--min-available=4")
    wait_for(lambda: walk.read("pdb", "web")["status"].get("currentHealthy") == 4)
    drain = ("drain", node, "--pod-selector=app=web")
    try:
        held = walk.kubectl(*drain, "--timeout=3s", code=1)
        assert "Cannot evict pod as it would violate the pod's disruption budget" in held.err
        assert _on(walk, node)
        assert "SchedulingDisabled" in walk.kubectl("get", "node", node).out
        walk.kubectl("patch", "pdb", "web", "-p", '{"spec": {"minAvailable": 2}}')
        assert f"node/{node} drained" in walk.kubectl(*drain, "--timeout=50s").out
        assert not _on(walk, node)
        walk.kubectl("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=4")
    finally:
        walk.kubectl("uncordon", node)
    assert "SchedulingDisabled" not in walk.kubectl("get", "node", node).out


def _on(walk: Walk, node: str) -> list[str]:
    pods = walk.read("pods", "-l", "app=web", f"--field-selector=spec.nodeName={node}")["items"]
    return [p["metadata"]["name"] for p in pods if "deletionTimestamp" not in p["metadata"]]


def test_what_is_deleted_is_gone_with_its_pods(walk: Walk, tmp_path: Path) -> None:
    assert 'deployment.apps "web" deleted' in walk.kubectl("delete", "deployment", "web").out
    waited = ("wait", "pod", "-l", "app=web", "--for=delete", "--timeout=30s")
    walk.kubectl(*waited)
    assert walk.read("pods", "-l", "app=web")["items"] == []
