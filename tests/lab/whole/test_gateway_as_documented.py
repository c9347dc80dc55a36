"""The examples of docs/lab-gateway.md, as users apply them to a lab."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from living import ROOT, Living, until

from infctl.lab import addresses

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]
PAGE = ROOT / "docs" / "lab-gateway.md"
KUBECTL = Path(sys.executable).with_name("kubectl")
HERE, THERE = "us-east-1", "eu-west-1"
PATH = "/v2/health/ready"


class Region:
    """One region as kubectl and curl see it."""

    def __init__(self, living: Living, name: str) -> None:
        self.lab = living.lab()
        self.region = self.lab.region(name)

    def kubectl(self, *words: str, given: str | None = None) -> str:
        """What kubectl prints; it must go well."""
        config = ("--kubeconfig", str(self.lab.kubeconfig), "--context", self.region.name)
        argv = [str(KUBECTL), *config, *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, input=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def curl(self, scheme: str, host: str, port: int, *words: str) -> str:
        """Head and body of the answer at the region's edge; empty where there is none."""
        edge = self.lab.edge(self.region, "gateway")
        to = ["--resolve", f"{host}:{port}:{edge}", f"{scheme}://{host}:{port}{PATH}"]
        curl = shutil.which("curl") or pytest.fail("curl is missing")
        argv = [curl, "--silent", "--include", "--max-time", "3", *words, *to]
        return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout


def examples() -> list[str]:
    """The page's YAML."""
    return [part.partition("```")[0] for part in PAGE.read_text().split("```yaml\n")[1:]]


def route(name: str, **spec: Any) -> str:
    """An HTTPRoute of its own, so that what was deployed stays as it is."""
    metadata = {"name": name, "namespace": "vision"}
    kinds = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}
    return json.dumps({**kinds, "metadata": metadata, "spec": spec})


@pytest.fixture
def here(living: Living) -> Iterator[Region]:
    found = Region(living, HERE)
    yield found
    named = "httproute/secure httproute/spill gateway/secure service/nobody backend/elsewhere"
    found.kubectl("-n", "vision", "delete", "--ignore-not-found", *named.split())
    found.kubectl("-n", "default", "delete", "--ignore-not-found", "referencegrant/vision")


def test_what_was_deployed_is_served_as_it_asks(here: Region) -> None:
    for kind, path in (
        ("gateway", "{.status.conditions[?(@.type=='Programmed')].status}"),
        ("httproute", "{.status.parents[0].conditions[*].status}"),
        ("backendtrafficpolicy", "{.status.ancestors[0].conditions[*].status}"),
    ):
        said = here.kubectl("-n", "vision", "get", kind, "vision", "-o", f"jsonpath={path}")
        assert set(said.split()) == {"True"}, f"{kind}: {said}"


def test_https_is_served_with_the_labs_certificate(here: Region) -> None:
    [secure, _] = examples()
    here.kubectl("apply", "-f", "-", given=secure)
    stable = {"name": "vision-stable", "port": 8080}
    rules = [{"backendRefs": [stable]}]
    here.kubectl(
        *("apply", "-f", "-"), given=route("secure", parentRefs=[{"name": "secure"}], rules=rules)
    )
    where = ("https", "vision.infctl.test", addresses.GATEWAY_TLS_PORT)
    trusted = ("--cacert", str(here.lab.ca))
    until(lambda: " 200" in here.curl(*where, *trusted)[:20], 15, "HTTPS is served")
    assert here.curl(*where) == ""


def test_a_region_without_endpoints_spills_on_its_path_to_another(here: Region) -> None:
    [_, backend] = examples()
    there = here.lab.region(THERE)
    host, port = addresses.path(here.lab.number, here.region.number, there.number, "gateway")
    documented = "{address: 127.16.1.6, port: 12021}"
    assert documented in backend
    given = backend.replace(documented, f"{{address: {host}, port: {port}}}")
    here.kubectl("apply", "-f", "-", given=given)
    here.kubectl("-n", "vision", "create", "service", "clusterip", "nobody", "--tcp=8080")
    rewrite = {"type": "URLRewrite", "urlRewrite": {"hostname": "vision.infctl.test"}}
    elsewhere = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "elsewhere"}
    rule = {"filters": [rewrite], "backendRefs": [{"name": "nobody", "port": 8080}, elsewhere]}
    parents, hosts = [{"name": "vision"}], ["spill.infctl.test"]
    spill = route("spill", parentRefs=parents, hostnames=hosts, rules=[rule])
    here.kubectl("apply", "-f", "-", given=spill)
    where = ("http", hosts[0], addresses.GATEWAY_PORT)
    until(lambda: f"x-infctl-region: {THERE}" in here.curl(*where), 15, "the other serves it")
