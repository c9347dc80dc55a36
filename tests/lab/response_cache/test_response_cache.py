"""nginx keeps the answers of one version for one tenant, and nothing that it should not."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_cache import PATH, V1, V2, Running, run_cache

from infctl.lab import addresses
from infctl.lab.response_cache import controller
from infctl.lab.response_cache.accounting import Accounting, account


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with run_cache(tmp_path_factory.mktemp("cache")) as running:
        yield running


@pytest.fixture
def cache(shared: Running) -> Running:
    shared.serve(V1)
    shared.model.version, shared.model.status = "digits/v1", 200
    return shared


def test_the_same_question_of_the_same_tenant_is_asked_once(cache: Running) -> None:
    first = cache.ask("same", x_infctl_tenant="a")
    assert first[0] == "MISS"
    assert cache.ask("same", x_infctl_tenant="a") == ("HIT", first[1])
    assert cache.ask("other", x_infctl_tenant="a")[0] == "MISS"
    assert cache.ask("same", x_infctl_tenant="b")[0] == "MISS"
    assert cache.ask("same", f"{PATH}?x=1", x_infctl_tenant="a")[0] == "MISS"


def test_a_promotion_finds_no_answer_of_the_version_before_and_a_rollback_does(
    cache: Running,
) -> None:
    _, before = cache.ask("promoted")
    cache.serve(V2)
    cache.model.version = "digits/v2"
    outcome, after = cache.ask("promoted")
    assert (outcome, after != before) == ("MISS", True)
    assert cache.ask("promoted") == ("HIT", after)
    cache.serve(V1)
    assert cache.ask("promoted") == ("HIT", before)


def test_while_versions_change_nothing_is_kept(cache: Running) -> None:
    cache.serve(None)
    assert [cache.ask("between")[0] for _ in range(2)] == ["BYPASS", "BYPASS"]


def test_the_answer_of_another_version_is_passed_on_and_not_kept(cache: Running) -> None:
    cache.model.version = "digits/v2"
    assert [cache.ask("canary")[0] for _ in range(2)] == ["MISS", "MISS"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("x" * 30_000, {}),
        ("x" * 200_000, {}),
        ("with a token", {"Authorization": "Bearer secret-of-a-user"}),
        ("with a cookie", {"Cookie": "secret-of-a-user"}),
        ("of an odd tenant", {"x_infctl_tenant": "a|b"}),
    ],
)
def test_what_is_too_long_or_for_somebody_is_not_kept(
    cache: Running, body: str, headers: dict[str, str]
) -> None:
    assert [cache.ask(body, **headers)[0] for _ in range(2)] == ["BYPASS", "BYPASS"]
    kept = [p.read_bytes() for p in (cache.folder / "answers").rglob("*") if p.is_file()]
    assert not any(b"secret-of-a-user" in content for content in kept)


def test_failures_are_not_kept(cache: Running) -> None:
    cache.model.status = 503
    assert [cache.ask("failing")[0] for _ in range(2)] == ["MISS", "MISS"]


def test_a_body_of_30_kilobytes_is_still_a_key(cache: Running) -> None:
    long = "y" * 29_998
    assert [cache.ask(long + end)[0] for end in ("1", "1", "2")] == ["MISS", "HIT", "MISS"]


def test_other_paths_pass_through(cache: Running) -> None:
    assert cache.ask("x", "/v2/models/digits/explain")[0] == ""


def test_what_comes_back_from_the_cache_keeps_its_trace(cache: Running) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    cache.ask("traced", traceparent=trace)
    assert cache.model.seen[-1]["traceparent"] == trace


def test_old_answers_are_asked_for_again_and_serve_when_nobody_answers(tmp_path: Path) -> None:
    with run_cache(tmp_path, kept="1s") as cache:
        cache.serve(V1)
        _, first = cache.ask("ageing")
        outcome, second = until_changed(cache, "ageing", first)
        assert outcome == "EXPIRED"
        cache.model.status = 503
        end = time.monotonic() + 10
        while (met := cache.ask("ageing"))[0] == "HIT":
            assert time.monotonic() < end
            time.sleep(0.05)
        assert met == ("STALE", second)


def until_changed(cache: Running, body: str, answer: str) -> tuple[str, str]:
    end = time.monotonic() + 10
    while (met := cache.ask(body))[1] == answer:
        assert time.monotonic() < end
        time.sleep(0.05)
    return met


async def test_outcomes_are_counted_for_prometheus(cache: Running) -> None:
    host = cache.lab.inner(cache.lab.regions[0], "cache")
    counting = asyncio.create_task(account(host, addresses.CACHE_METRICS_PORT))
    wanted = 'infctl_cache_requests_total{model="digits",outcome="hit"}'
    async with asyncio.timeout(10):
        while wanted not in await asyncio.to_thread(read, host):
            await asyncio.to_thread(cache.ask, "counted")
    counting.cancel()


def read(host: str) -> str:
    """The page for Prometheus, once it is served."""
    try:
        with socket.create_connection((host, addresses.CACHE_METRICS_PORT), timeout=5) as found:
            found.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: found.recv(65536), b"")).decode()
    except ConnectionRefusedError:
        return ""


def test_lines_that_are_not_nginx_s_are_not_counted() -> None:
    accounting = Accounting()
    for line in (b"\xff", b"answers: HIT 200 0.001 ../x", b"answers: HIT 200 0.001"):
        accounting.datagram_received(line, None)
    assert "{" not in accounting.text()
    accounting.datagram_received(b"<190>Nov 26 23:13:24 answers: HIT 200 0.250 digits", None)
    assert 'seconds_total{model="digits",outcome="hit"} 0.25' in accounting.text()


@pytest.mark.control_plane
def test_links_follow_the_deployments_of_a_real_api_server(
    control_plane: Any, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    link = tmp_path / "models" / "digits"
    models = '[{"name": "digits", "version": "v1", "digest": "sha256:%s"}]' % ("a" * 64)
    labels = {"app": "x", "app.kubernetes.io/managed-by": "infctl"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "x"}]},
    }
    deployment = {
        "metadata": {"name": "x", "labels": labels, "annotations": {"infctl.dev/models": models}},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template},
    }

    async def work() -> None:
        place = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        async with control_plane.cluster("prometheus") as reading, asyncio.timeout(30):
            following = asyncio.create_task(controller.follow(reading, tmp_path))
            async with control_plane.cluster("lab") as writing:
                await writing.create(place, deployment)
                while not link.is_symlink():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                change = {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}
                await writing.patch(f"{place}/x", change)
                while link.is_symlink():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            following.cancel()

    control_plane.run(work())
