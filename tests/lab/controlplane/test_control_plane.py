"""A region's control plane is real Kubernetes, with what the lab adds to it."""

import json
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from audit_log import writes
from real_control_plane import ControlPlane, run_control_plane

from infctl.lab.cluster import Cluster, ClusterError
from infctl.lab.controlplane.installation import RECORD, _path_of, install
from infctl.lab.controlplane.preparation import write_config
from infctl.lab.processes import find

pytestmark = pytest.mark.control_plane


def config_of(plane: ControlPlane, user: str, folder: Path) -> Path:
    path = folder / user
    write_config(path, plane.lab, [plane.region], user)
    return path


def test_kubectl_finds_the_region_by_its_name(control_plane: ControlPlane) -> None:
    found = control_plane.kubectl("--context", "eu-west-1", "get", "namespaces", "-A")
    assert "kube-system" in found
    assert "v1.37.2" in control_plane.kubectl("version")


def test_kubectl_applies_scales_and_watches(control_plane: ControlPlane, namespace: str) -> None:
    there = ("-n", namespace)
    made = control_plane.kubectl(*there, "create", "deployment", "web", "--image=infctl.dev/x")
    assert "deployment.apps/web created" in made
    control_plane.kubectl(*there, "scale", "deployment/web", "--replicas=3")
    wanted = "jsonpath={.status.replicas}=3"
    waited = control_plane.kubectl(*there, "wait", "deployment/web", f"--for={wanted}")
    assert "condition met" in waited
    pods = json.loads(control_plane.kubectl(*there, "get", "pods", "-o", "json"))["items"]
    assert [p["status"]["phase"] for p in pods] == ["Pending"] * 3, "nothing runs without a node"


@pytest.mark.parametrize(
    "kind",
    [
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "backendtrafficpolicies.gateway.envoyproxy.io",
        "scaledobjects.keda.sh",
        "servicemonitors.monitoring.coreos.com",
        "prometheusrules.monitoring.coreos.com",
    ],
)
def test_the_kinds_of_the_stack_are_served(control_plane: ControlPlane, kind: str) -> None:
    assert "No resources found" in control_plane.kubectl("get", kind, "-A")


def test_the_gateway_class_is_there(control_plane: ControlPlane) -> None:
    assert "envoy" in control_plane.kubectl("get", "gatewayclass")


@pytest.mark.parametrize(
    ("user", "words", "may"),
    [
        ("operator", "delete namespaces", True),
        ("operator", "delete nodes", False),
        ("viewer", "list pods", True),
        ("viewer", "list nodes", True),
        ("viewer", "list httproutes.gateway.networking.k8s.io", True),
        ("viewer", "get secrets", False),
        ("viewer", "delete pods", False),
        ("agent", "patch pods/status", True),
        ("agent", "create pods", False),
        ("agent", "patch deployments", False),
        ("gateway", "watch endpointslices.discovery.k8s.io", True),
        ("gateway", "patch httproutes.gateway.networking.k8s.io/status", True),
        ("gateway", "patch httproutes.gateway.networking.k8s.io", False),
        ("gateway", "get secrets", True),
        ("gateway", "delete secrets", False),
        ("prometheus", "watch pods", True),
        ("prometheus", "delete pods", False),
        ("scheduler", "create pods/binding", True),
        ("scheduler", "delete deployments", False),
    ],
)
def test_a_user_may_do_what_its_part_does(
    control_plane: ControlPlane, tmp_path: Path, user: str, words: str, may: bool
) -> None:
    config = config_of(control_plane, user, tmp_path)
    verb, _, what = words.partition(" ")
    answer = control_plane.kubectl("auth", "can-i", verb, *_resource(what), "-A", config=config)
    assert answer.splitlines()[-1 if may else 0].startswith("yes" if may else "no"), answer


def _resource(what: str) -> list[str]:
    resource, _, part = what.partition("/")
    return [resource, f"--subresource={part}"] if part else [resource]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer none-of-ours"}])
@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/version", "/readyz"])
def test_who_has_no_token_of_the_lab_is_refused(
    control_plane: ControlPlane, header: dict[str, str], path: str
) -> None:
    request = urllib.request.Request(control_plane.url + path, headers=header)
    context = ssl.create_default_context(cafile=str(control_plane.ca))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5, context=context)
    assert refused.value.code == 401


def test_its_certificate_is_trusted_by_the_labs_authority_alone(
    control_plane: ControlPlane,
) -> None:
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(control_plane.url + "/readyz", timeout=5)


def test_etcd_speaks_to_holders_of_a_certificate_alone(control_plane: ControlPlane) -> None:
    host = control_plane.lab.inner(control_plane.region, "etcd")
    context = ssl.create_default_context(cafile=str(control_plane.ca))
    with pytest.raises((urllib.error.URLError, OSError)):
        urllib.request.urlopen(f"https://{host}:2379/version", timeout=5, context=context)


def test_a_write_is_in_the_audit_log_with_its_author(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.kubectl("-n", namespace, "create", "configmap", "audited")
    written = writes(control_plane.lab, control_plane.region, name="audited", verb="create")
    assert written[-1].user == "infctl:operator"
    assert written[-1].namespace == namespace


def test_a_pods_token_is_known_as_its_service_account(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    config = config_of(control_plane, "lab", tmp_path)
    words = ("-n", namespace, "create", "token", "default")
    token = control_plane.kubectl(*words, config=config).strip()
    assert control_plane.run(_who_is(control_plane, token)) == (
        f"system:serviceaccount:{namespace}:default"
    )


async def _who_is(plane: ControlPlane, token: str) -> str:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    async with Cluster(plane.url, token, plane.ca) as cluster:
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        return str((await cluster.create(path, review))["status"]["userInfo"]["username"])


async def _create(plane: ControlPlane, name: str) -> None:
    async with plane.cluster() as cluster:
        await cluster.create("/api/v1/namespaces/default/configmaps", {"metadata": {"name": name}})


async def _read(plane: ControlPlane, name: str) -> str:
    async with plane.cluster() as cluster:
        found = await cluster.get(f"/api/v1/namespaces/default/configmaps/{name}")
        return str(found["metadata"]["name"])


def test_a_region_keeps_its_data_and_leaves_no_process(tmp_path: Path) -> None:
    """Stopped, started again, and stopped for good."""
    with run_control_plane(tmp_path) as plane:
        plane.run(_create(plane, "kept"))
        plane.stop()
        assert not [c for c in plane.household.children.values() if c.is_alive]
        with pytest.raises(ClusterError):
            plane.run(_read(plane, "kept"))
        began = time.monotonic()
        plane.start()
        assert time.monotonic() - began < 15
        assert plane.run(_read(plane, "kept")) == "kept"
        pids = [c.pid for c in plane.household.children.values() if c.pid]
    assert len(pids) == 4
    assert not [pid for pid in pids if find(pid)]


async def _install_over(plane: ControlPlane, role: str) -> list[object]:
    """Spoil a role and the record of what was installed, install again, and read the role."""
    record = _path_of(RECORD)
    async with plane.cluster("lab") as cluster:
        await cluster.patch(role, {"rules": []})
        await cluster.patch(record, {"data": {"digest": "of an earlier release"}})
        await install(plane.lab, plane.region)
        recorded = (await cluster.get(record))["data"]["digest"]
        assert recorded != "of an earlier release"
        return list((await cluster.get(role))["rules"])


def test_a_region_with_data_of_another_release_gets_what_this_one_installs(
    control_plane: ControlPlane,
) -> None:
    role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/infctl-metrics"
    assert control_plane.run(_install_over(control_plane, role))


def test_files_with_secrets_are_their_owners_alone(control_plane: ControlPlane) -> None:
    lab, folder = control_plane.lab, control_plane.lab.folder(control_plane.region)
    secret = [
        lab.kubeconfig,
        lab.state / "pki" / "ca.key",
        lab.state / "pki" / "tokens.json",
        folder / "tokens.csv",
        folder / "service-accounts.key",
        folder / "scheduler.kubeconfig",
    ]
    assert {oct(path.stat().st_mode & 0o077) for path in secret} == {"0o0"}
