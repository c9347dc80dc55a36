"""What a deployed stack's monitors, questions and traces become in a whole lab."""

import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from living import Living, until

from infctl.drills.load.body import make_body
from infctl.lab import addresses

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


def get(url: str, **query: str) -> Any:
    """The JSON of an address; None where it is not found."""
    try:
        with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=5) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def ask(living: Living, number: int, **headers: str) -> Any:
    """The headers of an answer of a region's model, through the region's edge."""
    lab = living.lab()
    where = f"{lab.edge(lab.regions[number], 'gateway')}:{addresses.GATEWAY_PORT}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        f"http://{where}/v2/models/digits/infer",
        data=make_body(),
        headers={"Host": "vision.infctl.test", "content-type": "application/json", **named},
    )
    with urllib.request.urlopen(request, timeout=15) as answer:
        return answer.headers


def metrics(living: Living, number: int) -> str:
    """Where a region's Prometheus is reached."""
    lab = living.lab()
    where = lab.edge(lab.regions[number], "metrics")
    return f"http://{where}:{addresses.METRICS_PORT}/api/v1"


def value(living: Living, number: int, expression: str) -> float:
    """One number out of a region's Prometheus; 0 where there is none."""
    found = get(f"{metrics(living, number)}/query", query=expression)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_region_scrapes_its_pods_once_by_the_deployed_monitor(
    living: Living, number: int
) -> None:
    pods = 'sum(up{job="vision",service="vision-stable"})'
    until(lambda: value(living, number, pods) >= 1, 30, "it scrapes")
    # Where a busy machine lost the end of an earlier job's series, that is seen for five minutes.
    fresh = "max(count by (pod) (timestamp(infctl_queue_depth) > time() - 15))"
    until(lambda: value(living, number, fresh) == 1, 30, "no pod is scraped twice")
    groups = get(f"{metrics(living, number)}/rules")["data"]["groups"]
    assert [group["name"] for group in groups] == ["vision.objectives"]


def test_an_answer_is_kept_for_who_asks_and_counted(living: Living) -> None:
    tenant = secrets.token_hex(8)
    assert ask(living, 0, x_infctl_tenant=tenant)["x-infctl-cache"] is None
    met = [
        ask(living, 0, x_infctl_cache="use", x_infctl_tenant=tenant)["x-infctl-cache"]
        for _ in range(2)
    ]
    assert met == ["MISS", "HIT"]
    hits = 'sum(infctl_cache_requests_total{outcome="hit"})'
    until(lambda: value(living, 0, hits) >= 1, 20, "the hit is counted")


def test_a_sampled_request_is_found_by_its_trace(living: Living) -> None:
    trace = secrets.token_hex(16)
    ask(living, 1, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    where = f"http://{living.lab().shared('traces')}:{addresses.TRACES_PORT}/api/traces"
    found = until(lambda: get(f"{where}/{trace}"), 20, "the span is kept")
    attributes = found["resourceSpans"][0]["resource"]["attributes"]
    service = next(a["value"]["stringValue"] for a in attributes if a["key"] == "service.name")
    assert service == f"gateway-{living.lab().regions[1].name}"
