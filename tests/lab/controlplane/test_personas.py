"""Who looks, who operates and who breaks the glass: what `kubectl auth can-i` says of each."""

import time
from pathlib import Path

import pytest
from audit_log import writes
from real_control_plane import ControlPlane

from infctl.lab.controlplane.preparation import write_config
from infctl.lab.controlplane.roles import ELEVATED
from infctl.lab.credentials import USERS

pytestmark = pytest.mark.control_plane

MAY = {
    "list pods": "viewer operator elevated",
    "get pods/log": "viewer operator elevated",
    "watch scaledobjects.keda.sh": "viewer operator elevated",
    "list nodes": "viewer operator elevated",
    "create pods/exec": "operator elevated",
    "create pods/eviction": "operator elevated",
    "patch nodes": "operator elevated",
    "patch deployments.apps/scale": "operator elevated",
    "delete httproutes.gateway.networking.k8s.io": "operator elevated",
    "create cronjobs.batch": "operator elevated",
    "get secrets": "operator elevated",
    "create validatingadmissionpolicies.admissionregistration.k8s.io": "operator elevated",
    "list clusterroles.rbac.authorization.k8s.io": "operator elevated",
    "create clusterrolebindings.rbac.authorization.k8s.io": "elevated",
    "escalate clusterroles.rbac.authorization.k8s.io": "elevated",
    "delete customresourcedefinitions.apiextensions.k8s.io": "elevated",
    "delete nodes": "elevated",
    "impersonate users": "elevated",
    "create nodes/proxy": "elevated",
    "create serviceaccounts/token": "elevated",
}


@pytest.fixture(scope="module")
def all_powerful(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "lab"
    write_config(path, control_plane.lab, [control_plane.region], "lab")
    return path


GROUPS = {"viewer": "infctl:viewers", "operator": "infctl:operators", "elevated": ELEVATED}


@pytest.fixture(scope="module", autouse=True)
def whole_roles(control_plane: ControlPlane) -> None:
    """Kubernetes puts its own role of who looks together from parts, a moment after its start."""
    end = time.monotonic() + 20
    while "list pods" not in control_plane.run(_may(control_plane, GROUPS["viewer"])):
        assert time.monotonic() < end, "the role is not put together"
        time.sleep(0.1)


async def _may(plane: ControlPlane, group: str) -> set[str]:
    """What the API server lets a group do; `kubectl auth can-i` asks it the same."""
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    found = set()
    async with plane.cluster("lab") as cluster:
        for words in MAY:
            spec = {"user": "x", "groups": [group], "resourceAttributes": _attributes(words)}
            answer = await cluster.create(path, {"spec": spec})
            if answer["status"]["allowed"]:
                found.add(words)
    return found


def _attributes(words: str) -> dict[str, str]:
    verb, _, what = words.partition(" ")
    named, _, part = what.partition("/")
    resource, _, group = named.partition(".")
    return {"verb": verb, "resource": resource, "group": group, "subresource": part}


@pytest.mark.parametrize("persona", GROUPS)
def test_a_persona_may_do_what_it_is_there_for(control_plane: ControlPlane, persona: str) -> None:
    wanted = {words for words, personas in MAY.items() if persona in personas.split()}
    assert control_plane.run(_may(control_plane, GROUPS[persona])) == wanted


@pytest.mark.parametrize(
    ("persona", "verb", "resource", "said"),
    [
        ("viewer", "delete", "pods", "no"),
        ("operator", "delete", "pods", "yes"),
        ("operator", "delete", "nodes", "no"),
        ("elevated", "delete", "nodes", "yes"),
    ],
)
def test_kubectl_says_what_a_persona_may_do(
    control_plane: ControlPlane,
    all_powerful: Path,
    persona: str,
    verb: str,
    resource: str,
    said: str,
) -> None:
    """The issuer alone names people of the elevated group, so here somebody stands for them."""
    who = ("--as=infctl:somebody", f"--as-group={GROUPS[persona]}")
    words = ("auth", "can-i", verb, resource, "-A", *who)
    assert control_plane.kubectl(*words, config=all_powerful).splitlines()[-1] == said


def test_no_token_of_the_labs_own_is_of_the_elevated_group() -> None:
    assert not [user for user, groups in USERS.items() if ELEVATED in groups]


def test_the_kubeconfig_has_a_context_of_who_only_looks(
    control_plane: ControlPlane, namespace: str
) -> None:
    looks = ("--context", "eu-west-1-viewer", "-n", namespace)
    assert "No resources found" in control_plane.kubectl(*looks, "get", "pods")
    said = control_plane.kubectl(*looks, "create", "configmap", "mine")
    assert "Forbidden" in said or "forbidden" in said
    assert control_plane.kubectl("config", "current-context").strip() == "eu-west-1"


def test_the_audit_log_tells_who_wrote_what_and_not_what_was_refused_or_only_tried(
    control_plane: ControlPlane, namespace: str
) -> None:
    there = ("-n", namespace)
    control_plane.kubectl(*there, "create", "configmap", "kept", "--from-literal=colour=blue")
    control_plane.kubectl(*there, "create", "configmap", "tried", "--dry-run=server")
    viewer = ("--context", "eu-west-1-viewer")
    control_plane.kubectl(*viewer, *there, "delete", "configmap", "kept")
    control_plane.kubectl(*there, "delete", "configmap", "kept")
    found = writes(
        control_plane.lab, control_plane.region, namespace=namespace, user="infctl:operator"
    )
    assert [(w.verb, w.resource, w.name) for w in found] == [
        ("create", "configmaps", "kept"),
        ("delete", "configmaps", "kept"),
    ]
    assert found[0].body["data"] == {"colour": "blue"}
    assert "infctl:operators" in found[0].groups
    assert not writes(
        control_plane.lab, control_plane.region, user="infctl:viewer", namespace=namespace
    )
