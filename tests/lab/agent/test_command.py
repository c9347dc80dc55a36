"""From a container's spec to what is executed."""

from pathlib import Path
from typing import Any

import pytest
from toy_agent import ToyImage

from infctl.lab.agent.command import CannotStart, expand, make_command, wanted_objects
from infctl.lab.agent.facts import PodFacts

FACTS = PodFacts(
    uid="u-1",
    namespace="vision",
    name="web-0",
    node="eu-node-1",
    node_address="127.20.1.32",
    address="127.20.1.64",
    region="eu",
    cloud="http://127.20.1.5:4566",
    scratch="/scratch",
    labels={"app": "web"},
)
IMAGE = ToyImage("x:1", ("serve", "--fast"), {"HOST": "${POD_ADDRESS}", "KEPT": "$(HOST)"})


def environment(*entries: dict[str, Any], **more: Any) -> dict[str, str]:
    container = {"name": "main", "image": "x:1", "env": list(entries), **more}
    return make_command(container, IMAGE, FACTS, FOUND).environment


FOUND = {
    ("ConfigMap", "settings"): {"colour": "blue"},
    ("Secret", "keys"): {"token": "t0p"},
    ("ConfigMap", "none"): None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A) and $(B)", "1 and $(B)"),
        ("$$(A)", "$(A)"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A)$(A)", "11"),
        ("$$$(A)", "$1"),
    ],
)
def test_references_are_filled_in_as_kubernetes_does(text: str, expected: str) -> None:
    assert expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(
    ("container", "argv"),
    [
        ({}, ("serve", "--fast")),
        ({"args": ["-v"]}, ("serve", "--fast", "-v")),
        ({"command": ["sh"]}, ("sh",)),
        ({"command": ["sh"], "args": ["-c", "echo $(WHO)"]}, ("sh", "-c", "echo me")),
    ],
)
def test_command_replaces_the_entry_point_and_args_follow_it(
    container: dict[str, Any], argv: tuple[str, ...]
) -> None:
    given = {"name": "main", "env": [{"name": "WHO", "value": "me"}], **container}
    assert make_command(given, IMAGE, FACTS, {}).argv == argv


def test_an_images_environment_knows_the_pods_own_address() -> None:
    assert environment()["HOST"] == "127.20.1.64"
    assert environment()["KEPT"] == "$(HOST)", "an image's values are not expanded"


def test_the_containers_variables_win_and_may_refer_to_earlier_ones() -> None:
    found = environment(
        {"name": "HOST", "value": "a"}, {"name": "BOTH", "value": "$(HOST)/$(LATER)"}
    )
    assert (found["HOST"], found["BOTH"]) == ("a", "a/$(LATER)")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web-0"),
        ("metadata.namespace", "vision"),
        ("metadata.uid", "u-1"),
        ("spec.nodeName", "eu-node-1"),
        ("status.podIP", "239.20.1.64"),
        ("status.hostIP", "127.20.1.32"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['none']", ""),
    ],
)
def test_a_field_of_the_pod_is_told_as_kubernetes_knows_it(path: str, value: str) -> None:
    entry = {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert environment(entry)["X"] == value


def from_key(kind: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": "X", "valueFrom": {kind: {"name": name, "key": key, **more}}}


def test_keys_of_objects_are_read() -> None:
    assert environment(from_key("configMapKeyRef", "settings", "colour"))["X"] == "blue"
    assert environment(from_key("secretKeyRef", "keys", "token"))["X"] == "t0p"
    assert "X" not in environment(from_key("configMapKeyRef", "none", "a", optional=True))
    whole = environment(envFrom=[{"prefix": "S_", "configMapRef": {"name": "settings"}}])
    assert whole["S_colour"] == "blue"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (from_key("configMapKeyRef", "none", "a"), 'configmap "none" not found'),
        (from_key("secretKeyRef", "keys", "other"), "couldn't find key other"),
        ({"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}, "spec.x"),
        ({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.x"}}}, "limits.x"),
        ({"name": "X", "valueFrom": {"unknownRef": {}}}, "unknownRef"),
    ],
)
def test_what_is_not_there_keeps_a_container_from_starting(
    entry: dict[str, Any], said: str
) -> None:
    with pytest.raises(CannotStart, match=said) as raised:
        environment(entry)
    assert raised.value.reason == "CreateContainerConfigError"


def test_the_working_folder_is_the_images_unless_the_container_names_one() -> None:
    image = ToyImage("x:1", ("a",), folder=Path("/code"))
    assert make_command({"name": "m"}, image, FACTS, {}).folder == "/code"
    assert make_command({"name": "m", "workingDir": "/w"}, image, FACTS, {}).folder == "/w"


def test_only_objects_that_are_referred_to_are_read() -> None:
    container = {
        "env": [{"name": "A", "value": "1"}, from_key("secretKeyRef", "keys", "token")],
        "envFrom": [{"configMapRef": {"name": "settings"}}],
    }
    assert wanted_objects(container) == {("Secret", "keys"), ("ConfigMap", "settings")}
