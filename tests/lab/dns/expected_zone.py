"""Expected answers as data (`expected/*.json`), and a running name server that holds their zone.

A file has the records and checks of a zone as Route 53's API has them, and cases. A case says where
the client is (`from`: a place of the lab's geography, or `subnet`), which endpoints are dead for
all checkers (`down`) or what each checker holds of one (`seen`), and what comes back.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as Xml

from question_clients import HOST, Question

from infctl.lab.dns import reading
from infctl.lab.dns.checkers import KNOWN, checkers_of
from infctl.lab.dns.fleet import Fleet
from infctl.lab.dns.health import Conclusion, Result
from infctl.lab.dns.places import networks
from infctl.lab.dns.records import Catalogue, Check
from infctl.lab.dns.server import Server
from infctl.lab.dns.service import Service

FOLDER = Path(__file__).with_name("expected")
ZONE = "infctl.test."
APEX = (
    {
        "Name": ZONE,
        "Type": "SOA",
        "TTL": 900,
        "Values": ["ns.test. host.test. 1 7200 900 1209600 86400"],
    },
    {"Name": ZONE, "Type": "NS", "TTL": 172800, "Values": ["ns.test."]},
)
_ENDPOINT = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 9}


def load() -> dict[str, dict[str, Any]]:
    """All files by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def question_of(file: Mapping[str, Any], case: Mapping[str, Any]) -> Question:
    """What the case's client asks."""
    name, kind = case.get("ask", file["ask"]).split()
    subnet = case.get("subnet", "")
    if "from" in case:
        subnet = _subnet(case["from"], case.get("family", 4))
    return Question(name, kind, subnet, case.get("size_told", 0))


def _subnet(place: str, family: int) -> str:
    country, _, state = place.partition("-")
    return next(
        str(network)
        for network, found in networks().items()
        if (found.country, found.subdivision, network.version) == (country, state, family)
    )


class _Waiting:
    """A prober that never concludes, so that what the cases say stays."""

    async def probe(self, check: Check) -> Result:
        await asyncio.Event().wait()
        raise AssertionError(check.id)


class _Held:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def read(self) -> Catalogue:
        return self._catalogue


@asynccontextmanager
async def serving(file: Mapping[str, Any], case: Mapping[str, Any]) -> AsyncIterator[int]:
    """The name server with the file's zone and the case's health; its port."""
    catalogue = read_catalogue(file)
    fleet = Fleet(dict.fromkeys(KNOWN, _Waiting()), lambda *_: None)
    service = Service(_Held(catalogue), fleet, Random(1))
    await service.reload()
    for name, check in catalogue.checks.items():
        if check.probes:
            checkers = checkers_of(check)
            words = "-" * len(checkers) if name in case.get("down", ()) else "+" * len(checkers)
            words = case.get("seen", {}).get(name, words)
            fleet.conclusions[name] = {
                checker: Conclusion(healthy=word == "+")
                for checker, word in zip(checkers, words, strict=True)
            }
    server = Server(service.respond)
    port = _free_port()
    await server.start(HOST, port)
    try:
        yield port
    finally:
        await server.stop()
        await fleet.close()


def read_catalogue(file: Mapping[str, Any]) -> Catalogue:
    """The file's zone and checks, read as the cloud's own answers are."""
    root = Xml.Element("Answer")
    for record in (*APEX, *file["records"]):
        plain = {key: value for key, value in record.items() if key != "Values"}
        records = [{"Value": value} for value in record.get("Values", ())]
        _write(root, "ResourceRecordSet", {**plain, "ResourceRecords": {"R": records}})
    checks = {**dict.fromkeys(file.get("endpoints", ()), _ENDPOINT), **file.get("checks", {})}
    for name, config in checks.items():
        children = {"ChildHealthCheck": config.get("ChildHealthChecks", [])}
        regions = {"Region": config.get("Regions", [])}
        whole = {**config, "ChildHealthChecks": children, "Regions": regions}
        _write(root, "HealthCheck", {"Id": name, "HealthCheckConfig": whole})
    read = reading.parse(Xml.tostring(root))
    zone = reading.build_zone("Z1", ZONE, list(reading.read_record_sets(read)))
    return Catalogue({ZONE: zone}, {check.id: check for check in reading.read_checks(read)})


def _write(parent: Xml.Element, tag: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _write(parent, tag, item)
        return
    element = Xml.SubElement(parent, tag)
    if isinstance(value, dict):
        for key, inner in value.items():
            _write(element, key, inner)
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
