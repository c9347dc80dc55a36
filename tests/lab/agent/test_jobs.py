"""Jobs and CronJobs on a real control plane, and pods that ask their own API server."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from real_agent import Node, make_pod, state_of, wait_for
from walking import Walk

from infctl.lab.controlplane.preparation import write_config

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(120)]
ASK = """
from kubernetes import client, config
config.load_incluster_config()
space = open("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read()
for pod in client.CoreV1Api().list_namespaced_pod(space).items:
    print(pod.metadata.name, pod.spec.node_name)
"""


@pytest.fixture
def walk(node: Node, place: str, tmp_path: Path) -> Walk:
    return Walk(node, place, tmp_path)


def job(name: str, script: str, **spec: Any) -> dict[str, Any]:
    index = {
        "fieldRef": {
            "fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"
        }
    }
    container = {
        "name": "main",
        "image": "toys/shell:1",
        "args": ["-c", script],
        "env": [{"name": "MY_INDEX", "valueFrom": index}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [container],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod}, **spec},
    }


def test_a_job_counts_its_pods_until_all_have_ended_well(walk: Walk) -> None:
    script = "echo part $MY_INDEX of $JOB_COMPLETION_INDEX"
    three = {"completionMode": "Indexed", "completions": 3, "parallelism": 2}
    walk.kubectl("apply", "-f", walk.file(job("parts", script, **three)))
    walk.kubectl("wait", "job/parts", "--for=condition=Complete", "--timeout=40s")
    assert walk.read("job", "parts")["status"]["succeeded"] == 3
    said = walk.kubectl("logs", "-l", "job-name=parts", "--tail=-1").out
    assert sorted(said.splitlines()) == [f"part {n} of {n}" for n in range(3)]
    phases = {p["status"]["phase"] for p in walk.read("pods")["items"]}
    assert phases == {"Succeeded"}


def test_a_job_that_fails_is_tried_as_often_as_it_may_and_told(walk: Walk) -> None:
    walk.kubectl("apply", "-f", walk.file(job("bad", "exit 3", backoffLimit=0)))
    walk.kubectl("wait", "job/bad", "--for=condition=Failed", "--timeout=40s")
    conditions = walk.read("job", "bad")["status"]["conditions"]
    assert "BackoffLimitExceeded" in {c.get("reason") for c in conditions}
    (pod,) = walk.read("pods")["items"]
    assert state_of(pod)["terminated"]["exitCode"] == 3


def test_a_pods_failure_policy_sees_exit_codes(walk: Walk) -> None:
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    spec = {"backoffLimit": 5, "podFailurePolicy": {"rules": [rule]}}
    walk.kubectl("apply", "-f", walk.file(job("fatal", "exit 42", **spec)))
    walk.kubectl("wait", "job/fatal", "--for=condition=Failed", "--timeout=40s")
    conditions = walk.read("job", "fatal")["status"]["conditions"]
    assert "PodFailurePolicy" in {c.get("reason") for c in conditions}


def test_a_job_is_made_from_a_cron_job_by_hand(walk: Walk) -> None:
    words = ("create", "cronjob", "report", "--image=toys/shell:1", "--schedule=0 3 * * *")
    walk.kubectl(*words, "--", "sh", "-c", "echo done")
    walk.kubectl("create", "job", "now", "--from=cronjob/report")
    walk.kubectl("wait", "job/now", "--for=condition=Complete", "--timeout=40s")
    assert walk.kubectl("logs", "job/now").out == "done\n"


@pytest.mark.skipif(not os.environ.get("INFCTL_WHOLE"), reason="waits up to a minute")
def test_a_cron_job_runs_at_its_minute(walk: Walk) -> None:
    words = ("create", "cronjob", "often", "--image=toys/shell:1", "--schedule=* * * * *")
    walk.kubectl(*words, "--", "sh", "-c", "echo done")

    def has_run() -> bool:
        jobs = walk.read("jobs")["items"]
        return any(j["status"].get("succeeded") for j in jobs)

    wait_for(has_run, 90.0)
    assert walk.read("cronjob", "often")["status"]["lastSuccessfulTime"]


def test_a_pod_finds_its_api_server_with_its_own_account(walk: Walk, tmp_path: Path) -> None:
    node = walk.node
    rights = tmp_path / "lab"
    write_config(rights, node.lab, [node.region], "lab")
    account = f"--serviceaccount={walk.namespace}:default"
    bind = ("create", "rolebinding", "looks", "--clusterrole=view", account)
    assert "created" in node.plane.kubectl("-n", walk.namespace, *bind, config=rights)
    own = {"command": [sys.executable, "-I", "-c", ASK]}
    pod = make_pod("asks", image="toys/shell:1", container=own, restartPolicy="Never")
    del pod["spec"]["automountServiceAccountToken"]
    node.apply(walk.namespace, pod)
    done = node.wait_pod(walk.namespace, "asks", lambda p: "terminated" in state_of(p))
    said = walk.kubectl("logs", "asks").out
    assert state_of(done)["terminated"]["exitCode"] == 0, said
    assert said == f"asks {done['spec']['nodeName']}\n"


def test_a_container_is_told_of_its_resources(walk: Walk) -> None:
    memory = {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}
    cpu = {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}
    env = [{"name": "MB", "valueFrom": memory}, {"name": "CPU", "valueFrom": cpu}]
    own = {"env": env, "resources": {"limits": {"memory": "64Mi", "cpu": "500m"}}}
    pod = make_pod("told", "echo $MB $CPU", container=own, restartPolicy="Never")
    walk.node.apply(walk.namespace, pod)
    walk.node.wait_pod(walk.namespace, "told", lambda p: "terminated" in state_of(p))
    assert walk.kubectl("logs", "told").out == "64 500\n"
    assert json.loads(walk.kubectl("get", "pod", "told", "-o", "json").out)["status"]["qosClass"]
