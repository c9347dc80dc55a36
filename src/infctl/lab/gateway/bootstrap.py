"""What Envoy is started with: where its resources lie and its own admin port."""

import json
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.gateway.files import write
from infctl.lab.gateway.objects import Object, Place
from infctl.lab.gateway.translation import source
from infctl.lab.spec import Lab, Region

KINDS = ("endpoints", "clusters", "routes", "listeners")


def place(lab: Lab, region: Region) -> Place:
    """Where a region's gateway listens and logs."""
    log = lab.folder(region) / "access.log"
    return Place(region.name, lab.edge(region, "gateway"), str(log))


def resources_folder(lab: Lab, region: Region) -> Path:
    """The folder of the xDS files."""
    return lab.folder(region) / "xds"


def bootstrap_file(lab: Lab, region: Region) -> Path:
    """Envoy's bootstrap."""
    return lab.folder(region) / "envoy.json"


def prepare(lab: Lab, region: Region) -> None:
    """Write the bootstrap, and empty resources where there are none yet."""
    folder = resources_folder(lab, region)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind in KINDS:
        if not (folder / f"{kind}.json").exists():
            write(folder, kind, [])
    bootstrap_file(lab, region).write_text(json.dumps(make_bootstrap(lab, region), indent=1))


def make_bootstrap(lab: Lab, region: Region) -> Object:
    """The bootstrap as JSON."""
    folder = str(resources_folder(lab, region))
    return {
        "node": {"id": f"envoy-{region.name}", "cluster": region.name},
        "admin": {
            "address": {
                "socket_address": {
                    "address": lab.inner(region, "gateway"),
                    "port_value": addresses.ENVOY_ADMIN_PORT,
                }
            }
        },
        "dynamic_resources": {
            "lds_config": source(folder, "listeners"),
            "cds_config": source(folder, "clusters"),
        },
    }
