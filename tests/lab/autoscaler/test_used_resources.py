"""`kubectl top`, autoscalers on CPU, and who may ask the autoscaler's server at all."""

import asyncio
import math
import re
import ssl
from collections.abc import Iterator

import aiohttp
import pytest
from real_autoscaler import Scaling, deployment, until
from scaled_objects import Object, scaled_object
from test_real_scaling import in_place

from infctl.lab.autoscaler.parts import METER
from infctl.lab.autoscaler.registration import PORT, listens_on
from infctl.lab.autoscaler.server import client_context
from infctl.lab.controlplane.preparation import write_config

pytestmark = [pytest.mark.control_plane, pytest.mark.timeout(120)]
BUSY = "while :; do i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; sleep 0.1; done"
"""Some hundredths of a core, and far more than the 20m that is asked for."""


@pytest.fixture(scope="module")
def place(scaling: Scaling) -> Iterator[str]:
    """A namespace with a Deployment of one busy pod."""
    name = "busy"
    scaling.plane.make_namespace(name)
    scaling.create(*in_place(name, deployment("busy", 1, runs=True, command=BUSY)))
    yield name
    scaling.plane.remove_namespace(name)


@pytest.fixture(scope="module")
def busy(scaling: Scaling, place: str) -> str:
    """The busy pod's name, once it runs."""

    def named() -> str:
        pods = scaling.node.pods(place)
        return str(pods[0]["metadata"]["name"]) if pods else ""

    name: str = until(named, lambda: scaling.events(place))
    scaling.node.wait_ready(place, name)
    return name


def test_kubectl_top_tells_what_nodes_pods_and_containers_use(
    scaling: Scaling, place: str, busy: str
) -> None:
    kubectl = scaling.plane.kubectl

    def rows(*words: str) -> list[list[str]]:
        return [line.split() for line in kubectl("top", *words, "--no-headers").splitlines()]

    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{place}/pods"
    until(lambda: scaling.get(path)["items"], lambda: scaling.events(place))
    found = rows("pods", "-n", place, "--containers")
    ((_, container, cpu, memory),) = found
    assert container == "main"
    assert 5 < int(re.fullmatch(r"(\d+)m", cpu)[1]) < 1000  # type: ignore[index]
    assert re.fullmatch(r"[1-9]\d*Mi", memory)
    assert [r[0] for r in rows("pods", "-n", place, "-l", "app=busy")] == [busy]
    assert "No resources found" in kubectl("top", "pods", "-n", place, "-l", "app=none")
    nodes = rows("nodes")
    assert all(node[0].startswith(scaling.plane.region.name) for node in nodes)
    assert sum(int(node[1].removesuffix("m")) for node in nodes) >= int(cpu[:-1]) // 2


def test_an_autoscaler_on_cpu_follows_the_formula(scaling: Scaling, place: str, busy: str) -> None:
    trigger = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "50"}}
    item = scaled_object(trigger, name="busy", pollingInterval=1, maxReplicaCount=2)
    item["metadata"] = {"name": "busy", "namespace": place}
    scaling.create(item)
    until(lambda: scaling.replicas(place, "busy") == 2, lambda: scaling.events(place))
    used: Object = scaling.autoscaler(place, "busy")["status"]["currentMetrics"][0]["resource"]
    utilization = used["current"]["averageUtilization"]
    assert math.ceil(1 * utilization / 50) >= 2
    assert scaling.condition(place, "busy", "Active")[0] == "True"


def test_nobody_but_the_api_server_is_answered(scaling: Scaling) -> None:
    lab, region = scaling.plane.lab, scaling.plane.region
    base = f"https://{listens_on(lab, region)}:{PORT}"
    path = "/apis/metrics.k8s.io/v1beta1/pods"
    files = (lab.ca.parent / f"{METER}.crt", lab.ca.parent / f"{METER}.key")

    async def ask(with_certificate: bool) -> tuple[int, str]:
        anonymous = ssl.create_default_context(cafile=str(lab.ca))
        context = client_context(*files, lab.ca) if with_certificate else anonymous
        async with (
            aiohttp.ClientSession() as session,
            session.get(base + path, ssl=context) as answer,
        ):
            return answer.status, await answer.text()

    for with_certificate in (False, True):
        status, text = asyncio.run(ask(with_certificate))
        assert status == 401
        assert "only the region's API server may ask" in text


@pytest.mark.parametrize(("user", "says"), [("viewer", "yes"), ("gateway", "no")])
def test_viewers_may_read_metrics_and_parts_that_need_none_may_not(
    scaling: Scaling, user: str, says: str
) -> None:
    config = scaling.plane.lab.state / f"{user}.kubeconfig"
    write_config(config, scaling.plane.lab, [scaling.plane.region], user)
    words = ("auth", "can-i", "list", "pods.metrics.k8s.io")
    assert scaling.plane.kubectl(*words, config=config).splitlines()[-1] == says
