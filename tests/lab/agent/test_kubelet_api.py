"""The kubelet's API as kubectl uses it, and as strangers find it closed."""

import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from real_agent import KUBECTL, Node, make_pod, state_of, wait_for

from infctl.lab import pki
from infctl.lab.controlplane.preparation import KUBELET_CLIENT

pytestmark = pytest.mark.control_plane


def ask(node: Node, path: str, certificate: tuple[Path, Path] | None) -> tuple[int, str]:
    """The status and text of an answer of the node's own server."""
    context = ssl.create_default_context(cafile=str(node.lab.ca))
    if certificate:
        context.load_cert_chain(*certificate)
    url = f"https://127.{node.lab.number}.1.32:10250{path}"
    try:
        with urllib.request.urlopen(url, context=context, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("path", ["/healthz", "/pods", "/containerLogs/a/b/c", "/exec/a/b/c"])
def test_a_client_without_a_certificate_is_refused(node: Node, path: str) -> None:
    assert ask(node, path, None)[0] == 401


def test_a_certificate_of_another_name_is_refused(node: Node) -> None:
    other = pki.issue(node.lab, "stranger", common_name="infctl:stranger", client=True)
    assert ask(node, "/pods", other)[0] == 403


def test_a_server_certificate_of_the_lab_is_no_clients(node: Node) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        ask(node, "/pods", pki.issue(node.lab, "server", common_name=KUBELET_CLIENT))


def test_the_api_servers_own_certificate_is_let_in(node: Node) -> None:
    own = pki.issue(node.lab, "apiserver-kubelet", common_name=KUBELET_CLIENT, client=True)
    assert ask(node, "/healthz", own) == (200, "ok")
    status, text = ask(node, "/containerLogs/none/none/main", own)
    assert (status, "not on this node" in text) == (404, True)


def test_logs_are_followed_while_they_are_written(node: Node, place: str) -> None:
    script = "for n in 1 2 3; do echo line $n; sleep 0.4; done; echo oops >&2"
    node.apply(place, make_pod("web", script, restartPolicy="Never"))
    node.wait_pod(place, "web", lambda p: "running" in state_of(p))
    said = node.plane.kubectl("-n", place, "logs", "-f", "web")
    assert said == "line 1\nline 2\nline 3\noops\n"
    kubectl = node.plane.kubectl
    assert kubectl("-n", place, "logs", "web", "--tail=1") == "oops\n"
    assert kubectl("-n", place, "logs", "web", "--limit-bytes=4") == "line"
    assert kubectl("-n", place, "logs", "web", "--timestamps").startswith("20")


def test_logs_that_are_not_there_are_explained(node: Node, place: str) -> None:
    node.apply(place, make_pod("web", "exec sleep 60"), make_pod("not", image="no/such:1"))
    node.wait_ready(place, "web")
    kubectl = node.plane.kubectl
    previous = kubectl("-n", place, "logs", "web", "--previous")
    assert "previous terminated container" in previous
    wait_for(lambda: "waiting to start" in kubectl("-n", place, "logs", "not"))


def test_a_command_runs_beside_the_container_and_its_exit_code_arrives(
    node: Node, place: str
) -> None:
    node.apply(place, make_pod("web", nodeName=node.name))
    node.wait_ready(place, "web")
    kubectl = (str(KUBECTL), "--kubeconfig", str(node.plane.kubeconfig), "-n", place)
    script = "cat; echo $WHERE >&2; exit 5"
    done = subprocess.run(
        [*kubectl, "exec", "-i", "web", "--", "sh", "-c", script],
        input="given\n",
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stdout) == (5, "given\n")
    assert f"{node.name}/eu-west-1" in done.stderr
    missing = node.plane.kubectl("-n", place, "exec", "web", "--", "/no/such")
    assert "/no/such" in missing
