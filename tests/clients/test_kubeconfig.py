"""What a kubeconfig may ask of infctl: one context with known keys; nothing runs, nothing lies."""

import os
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import infctl.clients.kubeconfig
import infctl.clients.kubernetes_api
from infctl.clients.cluster import KubernetesCluster
from infctl.clients.kubeconfig import read_context
from infctl.errors import ConfigurationError, CredentialsError
from infctl.model.text import clean

CLUSTER = {"server": "https://127.0.0.1:6443", "certificate-authority-data": "Y2E="}
USER = {"token": "token-of-ours"}


def config(cluster: Any = None, user: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "other",
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
            {"name": "other", "context": {"cluster": "evil", "user": "evil"}},
        ],
        "clusters": [
            {"name": "c", "cluster": CLUSTER if cluster is None else cluster},
            {"name": "evil", "cluster": {"server": "http://evil", "proxy-url": "http://evil"}},
        ],
        "users": [
            {"name": "u", "user": USER if user is None else user},
            {"name": "evil", "user": {"exec": {"command": "/bin/evil"}}},
        ],
        **more,
    }


def write(folder: Path, content: Any) -> Path:
    path = folder / "kubeconfig"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        YAML(typ="safe", pure=True).dump(content, path)
    return path


def exec_of(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, **more}}


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        (CLUSTER, USER),
        ({"server": "https://api.example.com"}, USER),
        ({**CLUSTER, "tls-server-name": "api", "extensions": []}, USER),
        (CLUSTER, {"client-certificate-data": "Yw==", "client-key-data": "aw=="}),
        (CLUSTER, exec_of("aws", args=["eks", "get-token"], env=None)),
    ],
)
def test_what_is_known_is_handed_on_and_nothing_else(
    cluster: Any, user: Any, tmp_path: Path
) -> None:
    found = read_context(write(tmp_path, config(cluster, user)), "here")
    wanted = {k: v for k, v in cluster.items() if k != "extensions"}
    assert found["clusters"] == [{"name": "here", "cluster": wanted}]
    assert found["users"] == [{"name": "here", "user": user}]
    assert found["current-context"] == "here"
    assert "evil" not in str(found)


@pytest.mark.parametrize(
    ("cluster", "user", "words"),
    [
        ({**CLUSTER, "insecure-skip-tls-verify": True}, USER, "insecure-skip-tls-verify"),
        ({**CLUSTER, "insecure-skip-tls-verify": "yes"}, USER, "insecure-skip-tls-verify"),
        ({**CLUSTER, "proxy-url": "http://evil"}, USER, "proxy-url"),
        ({**CLUSTER, "new\x1b[31mkey": 1}, USER, "does not follow"),
        ({**CLUSTER, "server": "http://127.0.0.1"}, USER, "https"),
        ({**CLUSTER, "server": "https://user:word@host"}, USER, "https"),
        ({**CLUSTER, "server": "https://[::1"}, USER, "https"),
        ({**CLUSTER, "server": ["https://a"]}, USER, "server"),
        ({"certificate-authority-data": "Y2E="}, USER, "https"),
        ({**CLUSTER, "certificate-authority": 7}, USER, "certificate-authority"),
        ({**CLUSTER, "tls-server-name": {"a": 1}}, USER, "tls-server-name"),
        (CLUSTER, {"tokenFile": "/etc/shadow"}, "tokenFile"),
        (CLUSTER, {"token": ["a"]}, "token"),
        (CLUSTER, {"token": "a\r\nX-Evil: 1"}, "token"),
        (CLUSTER, {"username": "a", "password": "b"}, "does not follow"),
        (CLUSTER, {"auth-provider": {"name": "gcp"}}, "auth-provider"),
        (CLUSTER, {"as": "system:admin", "token": "a"}, "as, which"),
        (CLUSTER, exec_of("/bin/sh"), "/bin/sh"),
        (CLUSTER, exec_of("./aws"), "./aws"),
        (CLUSTER, exec_of("aws\n"), "would run"),
        (CLUSTER, exec_of(""), "would run"),
        (CLUSTER, {"exec": None}, "would run"),
        (CLUSTER, {"exec": "aws"}, "would run"),
        (CLUSTER, exec_of("aws", env=[{"name": "LD_PRELOAD", "value": "/evil.so"}]), "LD_PRELOAD"),
        (CLUSTER, exec_of("aws", env=[{"name": "PATH", "value": "/evil"}]), "PATH"),
        (CLUSTER, exec_of("aws", args="eks"), "args"),
        (CLUSTER, exec_of("aws", args=[{"a": 1}]), "args"),
        (CLUSTER, exec_of("aws", env="AWS_PROFILE=x"), "env"),
        (["server"], USER, "no cluster"),
        (CLUSTER, "root", "no user"),
    ],
)
def test_what_it_may_not_ask_is_refused_by_name(
    cluster: Any, user: Any, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, config(cluster, user))
    with pytest.raises(ConfigurationError) as caught:
        read_context(path, "here")
    assert words in caught.value.what
    assert str(path) in caught.value.what
    assert caught.value.what == clean(caught.value.what)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"just a text",
        b"a: [",
        b"a: &a [*a]",
        b"{" * 50_000,
        b"a: !!python/object/apply:os.system [echo]",
        b"contexts: 7",
        b"contexts: [1, null, {name: here}]",
        b"contexts: [{name: here, context: {cluster: 1, user: [u]}}]",
        b"contexts: [{name: here, context: {cluster: c}}]",
        b"contexts: [{name: here, context: {cluster: c, user: u}}]\nclusters: {c: 1}",
        b"a: 1\na: 2\n",
    ],
)
def test_what_is_no_kubeconfig_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="kubeconfig"):
        read_context(write(tmp_path, content), "here")


def test_aliases_cannot_make_a_small_file_large(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigurationError):
        read_context(write(tmp_path, "\n".join(rows).encode()), "here")


@pytest.mark.parametrize("name", ["none", "here\n", "", "\x1b[31m"])
def test_an_unknown_context_is_told_with_the_nearest_known_one(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, config())
    with pytest.raises(ConfigurationError) as caught:
        read_context(path, name)
    assert "no context" in caught.value.what
    assert caught.value.what == clean(caught.value.what)
    with pytest.raises(ConfigurationError) as caught:
        read_context(path, "heer")
    assert "did you mean here" in caught.value.hint


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_context(tmp_path / "none", "here")
    with pytest.raises(ConfigurationError, match="directory"):
        read_context(tmp_path, "here")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="regular file"):
        read_context(pipe, "here")
    path = write(tmp_path, config())
    monkeypatch.setattr(infctl.clients.kubeconfig, "LARGEST", 10)
    with pytest.raises(ConfigurationError, match="larger"):
        read_context(path, "here")


async def test_a_wrong_kubeconfig_is_told_at_the_first_question_and_nothing_is_asked(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, config({**CLUSTER, "insecure-skip-tls-verify": True}))
    cluster = KubernetesCluster("eu-west-1", path, "here")
    with pytest.raises(ConfigurationError):
        await cluster.version()
    await cluster.close()


async def test_a_plugin_that_fails_or_hangs_is_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "aws"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(infctl.clients.kubernetes_api, "PLUGIN_SECONDS", 0.5)
    path = write(tmp_path, config(user=exec_of("aws")))
    for script in (
        "echo 'token expired' >&2; exit 1",
        "echo '{}'",
        "echo nonsense",
        "exec sleep 9",
    ):
        plugin.write_text(f"#!/bin/sh\n{script}\n")
        plugin.chmod(0o700)
        cluster = KubernetesCluster("eu-west-1", path, "here")
        with pytest.raises(CredentialsError, match="plugin"):
            await cluster.version()
        await cluster.close()


@pytest.mark.parametrize("data", ["no base64!", "Y2E="])
async def test_a_certificate_that_is_none_is_told_as_a_wrong_file(
    data: str, tmp_path: Path
) -> None:
    path = write(tmp_path, config({**CLUSTER, "certificate-authority-data": data}))
    cluster = KubernetesCluster("eu-west-1", path, "here")
    with pytest.raises(ConfigurationError):
        await cluster.version()
    await cluster.close()


async def test_certificates_that_are_not_there_are_told_as_a_wrong_file(tmp_path: Path) -> None:
    changed = {"server": "https://127.0.0.1:6443", "certificate-authority": "/nowhere/ca.crt"}
    cluster = KubernetesCluster("eu-west-1", write(tmp_path, config(changed)), "here")
    with pytest.raises(ConfigurationError):
        await cluster.version()
    await cluster.close()
