"""The real server against a real S3 API: what it answers, refuses and says of itself."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from running_server import (
    MODELS,
    RunningServer,
    listening_addresses,
    manifest_of,
    models_json,
    running,
)
from store_fixtures import Environment, environment, store

from infctl.drills.load.body import make_body

__all__ = ["environment", "store"]

VERSIONS = [(folder.parent.name, folder.name) for folder in sorted(MODELS.glob("*/v*"))]


@pytest.fixture(scope="module")
def server(
    environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A ready server with all versions."""
    output = tmp_path_factory.mktemp("server") / "log"
    with running(environment(MODELS=models_json(*VERSIONS)), output) as found:
        found.wait_for(200)
        yield found


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_golden_inputs_give_golden_outputs(server: RunningServer, name: str, version: str) -> None:
    for example in manifest_of(name, version)["golden"]:
        path = f"/v2/models/{name}/versions/{version}/infer"
        answer = server.ask(path, {"inputs": example["inputs"]})
        assert answer.status == 200
        assert answer.headers["x-infctl-model-version"] == f"{name}/{version}"
        served = {output["name"]: output for output in answer.plain["outputs"]}
        for wanted in example["outputs"]:
            given = served.pop(wanted["name"])
            assert (given["datatype"], given["shape"]) == (wanted["datatype"], wanted["shape"])
            assert given["data"] == pytest.approx(wanted["data"], abs=1e-4)
        assert not served


def test_versions_of_a_model_answer_differently(server: RunningServer) -> None:
    row = {"inputs": manifest_of("digits", "v1")["golden"][0]["inputs"]}
    answers = [
        server.ask(f"/v2/models/digits/versions/{version}/infer", row).plain["outputs"]
        for version in ("v1", "v2")
    ]
    assert answers[0] != answers[1]


def test_the_body_that_drills_send_is_answered(server: RunningServer) -> None:
    answer = server.ask("/v2/models/digits/infer", json.loads(make_body()))
    assert answer.status == 200
    assert answer.plain["outputs"][0]["data"] == [0]


def _digits(**changes: Any) -> dict[str, Any]:
    tensor = {"name": "input", "shape": [1, 64], "datatype": "FP32", "data": [0] * 64}
    return {"inputs": [tensor | changes]}


BAD: dict[str, tuple[object, str]] = {
    "no inputs at all": ({}, "inputs"),
    "an empty list of inputs": ({"inputs": []}, "'input' is missing"),
    "another name": (_digits(name="x"), "no input 'x'"),
    "another datatype": (_digits(datatype="INT64"), "is FP32"),
    "an unknown datatype": (_digits(datatype="FP99"), "datatype"),
    "too few values": (_digits(data=[1]), "cannot reshape"),
    "too few columns": (_digits(shape=[1, 63], data=[0] * 63), "shape"),
    "no rows": (_digits(shape=[0, 64], data=[]), "1 to 1024 rows"),
    "a negative number of rows": (_digits(shape=[-1, 64]), "1 to 1024 rows"),
    "too many rows": (_digits(shape=[1025, 64]), "1 to 1024 rows"),
    "too many dimensions": (_digits(shape=[1, 1, 64]), "shape"),
    "words for numbers": (_digits(data=["a"] * 64), "could not convert"),
    "objects for numbers": (_digits(data=[{}] * 64), "input"),
    "an unknown output": (_digits() | {"outputs": [{"name": "y"}]}, "no output 'y'"),
    "a list": ([], "dict"),
    "a number": (1, "dict"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_told_what_is_wrong(server: RunningServer, case: str) -> None:
    body, words = BAD[case]
    answer = server.ask("/v2/models/digits/infer", body)
    assert answer.status in {400, 422}
    assert words in answer.text
    assert server.infer().status == 200


def test_an_unknown_model_or_version_is_not_found(server: RunningServer) -> None:
    assert server.ask("/v2/models/cats/infer", _digits()).status == 404
    assert server.ask("/v2/models/digits/versions/v9/infer", _digits()).status == 404


def test_nobody_unloads_a_model_over_http(server: RunningServer) -> None:
    assert server.ask("/v2/repository/models/digits/unload", method="POST").status == 404
    assert server.infer().status == 200


def test_it_listens_on_its_own_address_alone(server: RunningServer) -> None:
    own = socket.inet_aton(server.address)[::-1].hex().upper()
    listening = listening_addresses(server.process.pid)
    assert {int(word.split(":")[1], 16) for word in listening} == {8080, 8081, 8082}
    assert all(word.split(":")[0].endswith(own) for word in listening)


def test_it_measures_its_slots_its_models_and_their_warm_up(server: RunningServer) -> None:
    assert server.measure("infctl_slots") == 4
    assert server.measure("infctl_slots_busy") == 0
    assert server.measure("infctl_queue_depth") == 0
    assert server.measure("infctl_queue_limit") == 64
    assert server.measure("infctl_ready") == 1
    for name, version in VERSIONS:
        label = f'{{model="{name}",version="{version}"}}'
        assert 0 < server.measure(f"infctl_model_load_seconds{label}") < 10
        # A warm-up request holds a slot for the service time like any other.
        assert 20 <= server.measure(f"infctl_warmup_p99_ms{label}") < 2000
        recorded = manifest_of(name, version)["accuracy"]
        assert server.measure(f"infctl_model_accuracy{label}") == recorded
