"""The edge proxy, as the supervisor starts it."""

import json
from dataclasses import asdict
from pathlib import Path

from infctl.lab.edge.control import Edge, socket_of
from infctl.lab.edge.proxies import proxies
from infctl.lab.errors import LabError
from infctl.lab.fetch import toxiproxy
from infctl.lab.part import Part
from infctl.lab.spec import Lab, Region

# Streams hand their bytes from one goroutine to the next: on one thread that is cheaper.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"}


def prepare(lab: Lab, region: Region) -> None:
    """Write which proxies there are."""
    path = _file(lab, region)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps([asdict(proxy) for proxy in proxies(lab, region)], indent=1))


def parts(lab: Lab, region: Region) -> list[Part]:
    """One process, which waits for nobody: who connects before there is a part is cut off."""
    socket = socket_of(lab, region)
    found = proxies(lab, region)

    async def ready() -> str:
        try:
            there = await Edge(socket).standing()
        except LabError as error:
            return error.what
        missing = [proxy.name for proxy in found if proxy.name not in there]
        return f"it has no {missing[0]}" if missing else ""

    return [
        Part(
            name=f"edge-{region.name}",
            region=region.name,
            argv=(
                *(str(toxiproxy.binary()), "--socket", str(socket)),
                *("--proxies", str(_file(lab, region))),
            ),
            environment=_ENVIRONMENT,
            ready=ready,
            grace=0,
            # Whether ::1 is free was asked when the lab was made.
            addresses=tuple(p.listen for p in found if not p.listen.startswith("[")),
            detail="Toxiproxy before the region",
        )
    ]


def _file(lab: Lab, region: Region) -> Path:
    return lab.folder(region) / "edge.json"
