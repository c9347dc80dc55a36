"""What Envoy is started with: where its resources lie and its own admin port."""

import json
from pathlib import Path

from infctl.lab import addresses, pki
from infctl.lab.following import Object
from infctl.lab.gateway import cached, tracing
from infctl.lab.gateway.files import make_folders
from infctl.lab.gateway.objects import Place
from infctl.lab.gateway.sources import source
from infctl.lab.spec import Lab, Region


def place(lab: Lab, region: Region) -> Place:
    """Where a region's gateway listens and logs."""
    edge, inner = lab.edge(region, "gateway"), lab.inner(region, "gateway")
    return Place(
        region.name,
        edge,
        inner,
        str(access_log(lab, region)),
        first_routes=(cached.make_route(),),
        tracing=tracing.make_tracing(lab, region),
    )


def access_log(lab: Lab, region: Region) -> Path:
    """The gateway's access log: one JSON object a line."""
    return lab.folder(region) / "access.log"


def admin(lab: Lab, region: Region) -> str:
    """Host and port of Envoy's admin server."""
    return f"{lab.inner(region, 'gateway')}:{addresses.ENVOY_ADMIN_PORT}"


def resources_folder(lab: Lab, region: Region) -> Path:
    """The folder of the xDS files."""
    return lab.folder(region) / "xds"


def bootstrap_file(lab: Lab, region: Region) -> Path:
    """Envoy's bootstrap."""
    return lab.folder(region) / "envoy.json"


def prepare(lab: Lab, region: Region) -> None:
    """Write the bootstrap and a certificate, and empty resources where there are none yet."""
    make_folders(resources_folder(lab, region))
    certify(lab, region)
    bootstrap_file(lab, region).write_text(json.dumps(make_bootstrap(lab, region), indent=1))


def certify(lab: Lab, region: Region) -> tuple[Path, Path]:
    """The certificate of the region's gateway for all names of the lab's zone, and its key."""
    return pki.issue(
        lab,
        f"gateway-{region.name}",
        common_name=f"gateway {region.name}",
        addresses=[lab.edge(region, "gateway")],
        hosts=[lab.zone, f"*.{lab.zone}"],
    )


def make_bootstrap(lab: Lab, region: Region) -> Object:
    """The bootstrap as JSON."""
    folder = str(resources_folder(lab, region))
    host, _, port = admin(lab, region).partition(":")
    return {
        "node": {"id": f"envoy-{region.name}", "cluster": region.name},
        "admin": {"address": {"socket_address": {"address": host, "port_value": int(port)}}},
        "static_resources": {
            "clusters": [
                cached.make_cluster(lab, region, place(lab, region)),
                tracing.make_cluster(lab),
            ]
        },
        "dynamic_resources": {
            "lds_config": source(folder, "listeners"),
            "cds_config": source(folder, "clusters"),
        },
    }
