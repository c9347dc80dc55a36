"""What people have already works against the lab: kubectl, boto3, dig's questions, curl's."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import dns.message
import dns.query
import pytest
from living import Living, until

from infctl.drills.load.body import make_body

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]
REGION = "us-east-1"


@pytest.fixture(scope="module")
def variables(living: Living) -> dict[str, str]:
    """What `infctl lab env` prints, as a shell would take it."""
    lines = living.run("lab", "env", "--shell").stdout.splitlines()
    pairs = (shlex.split(line)[1].split("=", 1) for line in lines)
    return dict(pairs)


def kubectl(variables: dict[str, str], *words: str, code: int = 0, given: str | None = None) -> str:
    beside = Path(sys.executable).with_name("kubectl")
    program = str(beside) if beside.exists() else shutil.which("kubectl")
    assert program, "kubectl comes with the lab's extra"
    done = subprocess.run(
        [program, "--context", REGION, *words],
        env={"PATH": os.environ["PATH"], "HOME": variables["KUBECONFIG"] + "-home", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        input=given,
    )
    assert done.returncode == code, f"{done.stdout}{done.stderr}"
    return done.stdout


def test_kubectl_gets_everything(variables: dict[str, str]) -> None:
    rows = kubectl(variables, "get", "pods,deployments,nodes,httproutes", "-A")
    assert "deployment.apps/vision-stable" in rows
    assert "2/2" in rows
    assert f"node/{REGION}" in rows


def test_kubectl_may_do_what_an_operator_may(variables: dict[str, str]) -> None:
    words = ("auth", "can-i", "patch", "deployments", "-n", "vision")
    assert kubectl(variables, *words).strip() == "yes"


def test_kubectl_reads_a_models_log(variables: dict[str, str]) -> None:
    said = kubectl(variables, "logs", "-n", "vision", "deployment/vision-stable")
    assert "digits" in said


def test_kubectl_applies_scales_and_follows(variables: dict[str, str]) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "by-hand", "namespace": "default"},
        "data": {"a": "1"},
    }
    kubectl(variables, "apply", "-f", "-", given=json.dumps(manifest))
    # An autoscaler takes back at once what people scale by hand, if nobody holds it.
    pause = ("annotate", "-n", "vision", "scaledobject/vision-stable")
    kubectl(variables, *pause, "autoscaling.keda.sh/paused=true")
    gone = ("wait", "-n", "vision", "hpa/keda-hpa-vision-stable", "--for=delete", "--timeout=20s")
    kubectl(variables, *gone)
    kubectl(variables, "scale", "-n", "vision", "deployment/vision-stable", "--replicas=3")
    try:
        wait = ("rollout", "status", "-n", "vision", "deployment/vision-stable", "--timeout=40s")
        kubectl(variables, *wait)
        watched = kubectl(
            variables, "get", "-n", "vision", "pods", "--watch-only=false", "-o", "name"
        )
        assert len(watched.splitlines()) == 3
    finally:
        kubectl(variables, "scale", "-n", "vision", "deployment/vision-stable", "--replicas=2")
        kubectl(variables, *pause, "autoscaling.keda.sh/paused-")
        kubectl(variables, "delete", "configmap", "by-hand")


def test_kubectl_watches_a_change(variables: dict[str, str]) -> None:
    beside = str(Path(sys.executable).with_name("kubectl"))
    watching = subprocess.Popen(
        [beside, "--context", REGION, "get", "configmaps", "-n", "default", "-w", "-o", "name"],
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        watching.stdout.readline()
        kubectl(variables, "create", "configmap", "watched", "-n", "default")
        assert watching.stdout.readline().strip() == "configmap/watched"
    finally:
        watching.kill()
        watching.wait(5)
        kubectl(variables, "delete", "configmap", "watched", "-n", "default")


def test_a_token_of_the_issuer_is_believed_in_every_region(
    living: Living, variables: dict[str, str]
) -> None:
    token = living.run("lab", "token", "on-call", "--otp", "--elevated").stdout.strip()
    for region in living.lab().regions:
        asked = ("--context", region.name, "--token", token, "auth", "whoami", "-o", "json")
        user = json.loads(kubectl(variables, *asked))["status"]["userInfo"]
        assert user["username"] == "oidc:on-call"
        assert "infctl:elevated" in user["groups"], region.name


def test_boto3_finds_zone_checks_and_artifacts(variables: dict[str, str]) -> None:
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    endpoint = variables["AWS_ENDPOINT_URL"]
    names: Any = session.client("route53", endpoint_url=endpoint)
    zones = names.list_hosted_zones()["HostedZones"]
    assert [z["Name"] for z in zones] == ["infctl.test."]
    records = names.list_resource_record_sets(HostedZoneId=zones[0]["Id"])["ResourceRecordSets"]
    weighted = [r for r in records if r["Name"] == "vision.infctl.test."]
    assert {r["SetIdentifier"] for r in weighted} == {"us-east-1", "eu-west-1", "ap-south-1"}
    assert {r["TTL"] for r in weighted} == {20}
    objects: Any = session.client("s3", endpoint_url=endpoint)
    found = objects.list_objects_v2(Bucket=f"vision-models-{REGION}")["Contents"]
    assert "models/digits/v1/model.onnx" in {entry["Key"] for entry in found}


def test_the_name_service_answers_as_dig_asks(living: Living) -> None:
    lab = living.lab()
    question = dns.message.make_query("vision.infctl.test", "A")
    gateways = {lab.edge(region, "gateway") for region in lab.regions}
    seen = set()
    for _ in range(60):
        answer = dns.query.udp(question, lab.shared("dns"), port=5353, timeout=2)
        rrset = answer.answer[0]
        assert rrset.ttl == 20
        seen |= {str(item) for item in rrset}
    assert seen == gateways


def test_both_models_answer_through_every_gateway(living: Living) -> None:
    lab = living.lab()
    for region in lab.regions:
        address = f"http://{lab.edge(region, 'gateway')}:8080/v2/models/digits/infer"
        request = urllib.request.Request(
            address,
            data=make_body(),
            headers={"Host": "vision.infctl.test", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.headers["x-infctl-region"] == region.name
            assert answer.headers["x-infctl-model-version"]
            assert json.loads(answer.read())["model_name"] == "digits"


def test_a_scaled_region_returns_to_what_the_file_says(
    living: Living, variables: dict[str, str]
) -> None:
    began = time.monotonic()
    kubectl(variables, "scale", "-n", "vision", "deployment/vision-stable", "--replicas=1")
    until(lambda: living.read("deploy", "plan", code=None), 20, "a plan")
    living.run("deploy", "apply", "--force-conflicts", timeout=120)
    assert living.regions()[REGION]["replicas"]["value"]["wanted"] == 2
    assert time.monotonic() - began < 90
