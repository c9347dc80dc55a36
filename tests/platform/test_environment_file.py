"""The access file: what is right is read, what is wrong is told with its place."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infctl.errors import ConfigurationError
from infctl.platform.environment_file import find_environment

RIGHT: dict[str, Any] = {
    "apiVersion": "infctl.dev/v1",
    "kind": "Environment",
    "name": "blue",
    "overlay": "lab",
    "class": "sim",
    "kubeconfig": "/k/config",
    "regions": {
        "eu-west-1": {
            "context": "eu-west-1",
            "prometheus": "http://127.16.1.3:9090",
            "cloud": {"endpoint": "http://127.16.1.5:4566", "region": "eu-west-1"},
        }
    },
    "cloud": {"region": "us-east-1", "access_key_id": "a", "secret_access_key": "s3cr3t"},
    "resolver": {"address": "127.16.0.53", "port": 5353},
    "faults": {"socket": "/run/admin.sock"},
}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file as blue.json and return its folder."""

    def _write(content: Any, mode: int = 0o600) -> Path:
        path = tmp_path / "blue.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text)
        path.chmod(mode)
        return tmp_path

    return _write


def test_a_right_file_is_read_and_its_secret_is_not_shown(write: Write) -> None:
    found = find_environment(write(RIGHT), "blue")
    assert found is not None
    assert (found.overlay, found.kind) == ("lab", "sim")
    assert found.regions["eu-west-1"].cloud.endpoint == "http://127.16.1.5:4566"
    assert "s3cr3t" not in repr(found)


def test_no_file_is_no_environment(tmp_path: Path) -> None:
    assert find_environment(tmp_path, "blue") is None


@pytest.mark.parametrize("name", ["../blue", "Blue", "", "blue\n", "-rf", "a" * 64])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        find_environment(tmp_path, name)


def changed(**more: Any) -> dict[str, Any]:
    return {**RIGHT, **more}


REGION = RIGHT["regions"]["eu-west-1"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "is wrong"),
        ("[" * 100_000, "is not JSON"),
        ('{"name": "blue", "name": "red"}', "a key stands twice"),
        (" " * (1024 * 1024 + 1), "larger than 1 MiB"),
        ({k: v for k, v in RIGHT.items() if k != "kubeconfig"}, "kubeconfig: Field required"),
        (changed(name="red"), "is of the environment red"),
        (changed(extra=1), "extra"),
        (changed(**{"class": "lab"}), "class"),
        (changed(kubeconfig="config"), "not an absolute path"),
        (changed(regions={}), "regions"),
        (changed(regions={"EU": REGION}), "not a name"),
        (changed(regions={"eu": {**REGION, "prometheus": "file:///etc/passwd"}}), "not http"),
        (changed(regions={"eu": {**REGION, "prometheus": "http://u:p@h/"}}), "without a user"),
        (changed(regions={"eu": {**REGION, "prometheus": "http://h:99999"}}), "not a URL"),
        (changed(cloud={"region": "us-east-1\u001b[2J"}), "cloud.region"),
        (changed(resolver={"address": "127.0.0.1", "port": "53"}), "resolver.port"),
        (changed(resolver={"address": "1.2"}), "not an IP address"),
        (changed(resolver={"address": "ns.example.com"}), "not an IP address"),
    ],
)
def test_what_is_wrong_is_told(write: Write, content: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_environment(write(content), "blue")
    assert told in caught.value.what
    assert "\x1b" not in caught.value.what
    assert "s3cr3t" not in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o602])
def test_a_file_that_others_may_read_or_write_is_refused(write: Write, mode: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_environment(write(RIGHT, mode), "blue")
    assert caught.value.hint.startswith("chmod 600")


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blue.json").mkdir()
    with pytest.raises(ConfigurationError):
        find_environment(tmp_path, "blue")


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "blue.json", 0o600)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        find_environment(tmp_path, "blue")


def test_a_link_to_nowhere_is_told_and_not_taken_for_no_environment(tmp_path: Path) -> None:
    (tmp_path / "blue.json").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find_environment(tmp_path, "blue")
