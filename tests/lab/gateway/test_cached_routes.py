"""A real Envoy with a real nginx beside it: who asks by header meets the cache, others never."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from echo_servers import Echo
from gateway_objects import a_backend_ref, a_rule
from running_envoy import Answer, RunningEnvoy, until

from infctl.lab import response_cache
from infctl.lab.part import Part
from infctl.lab.response_cache.links import write_links
from infctl.lab.response_cache.parts import folder_of
from infctl.lab.response_cache.versions import Version

PATH = "/v2/models/digits/infer"


@contextmanager
def nginx(envoy: RunningEnvoy) -> Iterator["subprocess.Popen[bytes]"]:
    response_cache.prepare(envoy.lab, envoy.region)
    write_links(folder_of(envoy.lab, envoy.region), {"digits": Version("digits", "a", "1" * 64)})
    (part,) = response_cache.parts(envoy.lab, envoy.region)
    with subprocess.Popen(part.argv, env=dict(part.environment)) as process:
        try:
            until(lambda: asyncio.run(is_ready(part)), "nginx is ready")
            until(lambda: "response_cache::127" in healthy(envoy), "nginx is found healthy")
            yield process
        finally:
            process.kill()


async def is_ready(part: Part) -> bool:
    return not await part.ready()


def healthy(envoy: RunningEnvoy) -> str:
    """The lines of healthy endpoints of the cache that are nginx's."""
    lines = envoy.admin("/clusters").splitlines()
    return "\n".join(s for s in lines if ":8081::health_flags::healthy" in s)


def completed(envoy: RunningEnvoy) -> int:
    """How many requests the gateway counts."""
    said = envoy.admin("/stats?filter=^http.ingress.downstream_rq_completed$")
    return int(said.split()[-1])


@pytest.fixture
def host(envoy: RunningEnvoy, echoes: dict[str, Echo]) -> str:
    return envoy.serve(a_rule(a_backend_ref("a")))


def ask(envoy: RunningEnvoy, host: str, body: str, **headers: str) -> Answer:
    return envoy.ask(host, PATH, "POST", body, content_type="application/json", **headers)


def test_who_asks_by_header_meets_the_cache_and_others_never(
    envoy: RunningEnvoy, echoes: dict[str, Echo], host: str
) -> None:
    with nginx(envoy) as process:
        plain = [ask(envoy, host, "plain") for _ in range(2)]
        counted = completed(envoy)
        asking = [ask(envoy, host, "asked", x_infctl_cache="use") for _ in range(2)]
        assert completed(envoy) == counted + len(asking)
        before = echoes["a"].asked[PATH]
        assert ask(envoy, host, "asked", x_infctl_cache="use").status == 200
        assert echoes["a"].asked[PATH] == before
        process.kill()
        process.wait()
        without = ask(envoy, host, "asked", x_infctl_cache="use")

    assert [a.headers.get("x-infctl-cache") for a in plain] == [None, None]
    assert [a.headers.get("x-infctl-cache") for a in asking] == ["MISS", "HIT"]
    assert [a.headers["x-infctl-region"] for a in asking] == ["eu-west-1", "eu-west-1"]
    assert asking[0].said["headers"]["host"] == host
    assert "x-infctl-cache" not in asking[0].said["headers"]
    assert (without.status, without.headers.get("x-infctl-cache")) == (200, None)


def test_a_frozen_cache_keeps_nobody_waiting_for_long(
    envoy: RunningEnvoy, echoes: dict[str, Echo], host: str
) -> None:
    with nginx(envoy) as process:
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        answer = ask(envoy, host, "frozen", x_infctl_cache="use")
        assert (answer.status, answer.headers.get("x-infctl-cache")) == (200, None)
        assert time.monotonic() - began < 8
