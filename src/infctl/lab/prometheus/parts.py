"""Prometheus, as the supervisor starts it."""

import json
import sys
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.prometheus.configuration import make_configuration
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.targets import listed_file, write_targets
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

RETENTION = "2h"
# The collector trades a little CPU for a third of the memory of three regions.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GOGC": "50", "GOMAXPROCS": "1"}


def prepare(lab: Lab, region: Region) -> None:
    """Write the configuration (JSON is YAML), and no pods where none were found yet."""
    folder = _folder(lab, region)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    targets = targets_file(lab, region)
    listed_file(targets).unlink(missing_ok=True)
    if not targets.exists():
        write_targets(targets, [])
    configuration = make_configuration(lab, region, targets)
    (folder / "prometheus.yml").write_text(json.dumps(configuration, indent=1))


def targets_file(lab: Lab, region: Region) -> Path:
    """The file that names the pods, which Prometheus watches."""
    return _folder(lab, region) / "pods.json"


def parts(lab: Lab, region: Region) -> list[Part]:
    """The server, and what follows the pods for it; the server waits for nobody."""
    return [_server(lab, region), _targets(lab, region)]


def _targets(lab: Lab, region: Region) -> Part:
    listed = listed_file(targets_file(lab, region))

    async def ready() -> str:
        return "" if listed.exists() else "the region's pods are not listed yet"

    return Part(
        name=f"metrics-{region.name}",
        region=region.name,
        argv=(
            *(sys.executable, "-m", "infctl.lab.prometheus"),
            *("--state", str(lab.state)),
            *("--region", region.name),
        ),
        environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
        ready=ready,
        after=(f"api-{region.name}",),
        grace=0.5,
        detail="finds the pods for Prometheus",
    )


def _server(lab: Lab, region: Region) -> Part:
    address = f"{lab.edge(region, 'metrics')}:{addresses.METRICS_PORT}"
    folder = _folder(lab, region)
    return Part(
        name=f"prometheus-{region.name}",
        region=region.name,
        argv=(
            str(binary()),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={address}",
            "--no-storage.tsdb.wal-compression",
            "--log.level=warn",
        ),
        environment=_ENVIRONMENT,
        ready=http_ok(f"http://{address}/-/ready"),
        addresses=(address,),
        detail=f"every {lab.timings.scrape_interval:g} s, kept for {RETENTION}",
    )


def _folder(lab: Lab, region: Region) -> Path:
    return lab.folder(region) / "prometheus"
