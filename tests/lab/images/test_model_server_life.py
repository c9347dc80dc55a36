"""The real server's start, its capacity and its end."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from model_store import client_of
from running_server import BUCKET, DEADLINE, RunningServer, manifest_of, models_json, running, start
from store_fixtures import Environment, environment, store

__all__ = ["environment", "store"]
DIGITS = models_json(("digits", "v1"))


def until(true: Callable[[], bool], server: RunningServer) -> None:
    """Wait for a state of a server, with a deadline."""
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, server.log()
        assert server.process.poll() is None, server.log()
        time.sleep(0.01)


def test_it_is_not_ready_before_its_warm_up(environment: Environment, tmp_path: Path) -> None:
    # Twenty requests of 100 ms on one slot: two seconds in which it serves and is not ready.
    slow = environment(MODELS=DIGITS, SLOTS="1", SERVICE_TIME_MS="100", WARMUP_REQUESTS="20")
    with running(slow, tmp_path / "log") as server:
        said = server.wait_for(200)
        assert said.count(503) > 10
        assert set(said) <= {0, 503, 200}
        assert said.count(200) == 1
        assert server.measure('infctl_warmup_seconds{model="digits",version="v1"}') >= 2.0


def test_it_is_never_ready_with_a_warm_up_above_the_ceiling(
    environment: Environment, tmp_path: Path
) -> None:
    with running(environment(MODELS=DIGITS, LATENCY_CEILING_MS="5"), tmp_path / "log") as server:
        until(lambda: server.log().count("warm-up of digits/v1") >= 3, server)
        answer = server.ask("/v2/health/ready")
        assert answer.status == 503
        assert "of 5 ms allowed" in answer.plain["reason"]
        assert server.ask("/v2/health/live").status == 200
        assert server.measure("infctl_ready") == 0


def test_its_throughput_is_its_slots_over_its_service_time(
    environment: Environment, tmp_path: Path
) -> None:
    two_slots = environment(MODELS=DIGITS, SLOTS="2", SERVICE_TIME_MS="50")
    with running(two_slots, tmp_path / "log") as server, ThreadPoolExecutor(10) as pool:
        server.wait_for(200)
        began = time.monotonic()
        statuses = list(pool.map(lambda _: server.infer().status, range(40)))
        took = time.monotonic() - began
    assert statuses == [200] * 40
    # Forty requests of 50 ms on two slots are one second of work; what is above is this machine.
    assert 1.0 <= took < 1.6


def test_models_of_a_pod_share_its_slots(environment: Environment, tmp_path: Path) -> None:
    one_slot = environment(SLOTS="1", SERVICE_TIME_MS="200", WARMUP_REQUESTS="1")
    with running(one_slot, tmp_path / "log") as server, ThreadPoolExecutor(2) as pool:
        server.wait_for(200)
        began = time.monotonic()
        list(pool.map(server.infer, ("digits", "wine")))
        assert time.monotonic() - began >= 0.4


def test_a_full_queue_refuses_at_once_and_shows_itself(
    environment: Environment, tmp_path: Path
) -> None:
    narrow = environment(
        MODELS=DIGITS, SLOTS="1", SERVICE_TIME_MS="1500", QUEUE_LIMIT="2", WARMUP_REQUESTS="1"
    )
    with running(narrow, tmp_path / "log") as server, ThreadPoolExecutor(3) as pool:
        server.wait_for(200)
        accepted = [pool.submit(server.infer) for _ in range(3)]
        until(lambda: server.measure("infctl_queue_depth") == 2, server)
        assert server.measure("infctl_slots_busy") == 1
        began = time.monotonic()
        refused = server.infer()
        assert time.monotonic() - began < 1.0
        assert refused.status == 503
        assert "overloaded" in refused.text
        assert server.measure("infctl_refused_total") == 1
        assert [one.result().status for one in accepted] == [200] * 3
        assert server.measure("infctl_queue_depth") == 0


def test_sigterm_turns_readiness_first_and_finishes_what_runs(
    environment: Environment, tmp_path: Path
) -> None:
    slow = environment(MODELS=DIGITS, SERVICE_TIME_MS="1000", WARMUP_REQUESTS="1", DRAIN_MS="700")
    with running(slow, tmp_path / "log") as server, ThreadPoolExecutor(2) as pool:
        server.wait_for(200)
        before = pool.submit(server.infer)
        until(lambda: server.measure("infctl_slots_busy") == 1, server)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.wait_for(503)
        # A gateway that has not heard of it yet still gets an answer.
        late = pool.submit(server.infer)
        assert before.result().status == 200
        assert late.result().status == 200
        assert server.process.wait(DEADLINE) == 0
        assert 0.7 <= time.monotonic() - began < 6.0
        assert server.readiness() == 0


def test_an_artifact_with_another_digest_is_refused(
    environment: Environment, tmp_path: Path
) -> None:
    digest = manifest_of("digits", "v1")["digest"]
    other = manifest_of("digits", "v2")["digest"]
    wrong = DIGITS.replace(digest, other)
    assert_refuses(environment(MODELS=wrong), tmp_path, 65, "was asked for")


def test_a_manifest_of_another_model_is_refused(
    environment: Environment, store: tuple[str, int], tmp_path: Path
) -> None:
    client = client_of(store[0])
    mixed = models_json(("digits", "v1")).replace('"v1"', '"v3"')
    for name in ("model.onnx", "manifest.json"):
        source = {"Bucket": BUCKET, "Key": f"models/digits/v1/{name}"}
        client.copy_object(Bucket=BUCKET, Key=f"models/digits/v3/{name}", CopySource=source)
    assert_refuses(environment(MODELS=mixed), tmp_path, 65, "is about another version")


def test_another_answer_to_a_golden_example_is_refused(
    environment: Environment, store: tuple[str, int], tmp_path: Path
) -> None:
    client = client_of(store[0])
    body = client.get_object(Bucket=BUCKET, Key="models/wine/v1/manifest.json")["Body"].read()
    changed = body.replace(b'"v1"', b'"v4"').replace(b'"label"', b'"probabilities"')
    client.put_object(Bucket=BUCKET, Key="models/wine/v4/manifest.json", Body=changed)
    source = {"Bucket": BUCKET, "Key": "models/wine/v1/model.onnx"}
    client.copy_object(Bucket=BUCKET, Key="models/wine/v4/model.onnx", CopySource=source)
    wrong = models_json(("wine", "v1")).replace('"v1"', '"v4"')
    assert_refuses(environment(MODELS=wrong), tmp_path, 65, "golden example 1")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"MODELS": DIGITS.replace('"v1"', '"v9"')}, 69, "answers 404"),
        ({"MODEL_STORE": "s3://no-such-bucket"}, 69, "answers 404"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 69, "cannot be reached"),
        ({"MODELS": "[]"}, 78, "MODELS"),
        ({"SLOTS": "many"}, 78, "SLOTS"),
        ({"MLSERVER_HOST": ""}, 78, "MLSERVER_HOST"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    environment: Environment, changes: dict[str, str], code: int, words: str, tmp_path: Path
) -> None:
    assert_refuses(environment(**changes), tmp_path, code, words)


def assert_refuses(wanted: dict[str, str], folder: Path, code: int, words: str) -> None:
    """It exits with this code and one line; nothing ever listened."""
    output = folder / "log"
    process = start(wanted, output)
    assert process.wait(DEADLINE) == code, output.read_text()
    (line,) = output.read_text().splitlines()
    assert line.startswith("model server: ")
    assert words in line
