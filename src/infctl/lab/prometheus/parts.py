"""Prometheus, as the supervisor starts it."""

import shutil
import sys
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.prometheus import files
from infctl.lab.prometheus.configuration import make_configuration
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.targets import listed_file
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

RETENTION = "2h"
# The collector trades a little CPU for a third of the memory of three regions.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GOGC": "50", "GOMAXPROCS": "1"}


def prepare(lab: Lab, region: Region) -> None:
    """Write the configuration of the lab's own parts; monitors and rules are read anew."""
    folder = _folder(lab, region)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    targets = targets_file(lab, region)
    listed_file(targets).unlink(missing_ok=True)
    for name in (files.TARGETS, files.RULES):
        shutil.rmtree(folder / name, ignore_errors=True)
    if not targets.exists():
        files.write_json(targets, [])
    files.write_json(folder / files.CONFIGURATION, make_configuration(lab, region, targets))


def targets_file(lab: Lab, region: Region) -> Path:
    """The file that names the pods, which Prometheus watches."""
    return _folder(lab, region) / "pods.json"


def server_url(lab: Lab, region: Region) -> str:
    """Where the server listens."""
    return f"http://{_address(lab, region)}"


def parts(lab: Lab, region: Region) -> list[Part]:
    """The server, and the controller that configures it; the server waits for nobody."""
    return [_server(lab, region), _controller(lab, region)]


def _controller(lab: Lab, region: Region) -> Part:
    listed = listed_file(targets_file(lab, region))

    async def ready() -> str:
        return "" if listed.exists() else "the region's objects are not read yet"

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
        addresses=(f"{lab.inner(region, 'cache')}:{addresses.CACHE_METRICS_PORT}",),
        detail="monitors and rules become what Prometheus does",
    )


def _server(lab: Lab, region: Region) -> Part:
    address = _address(lab, region)
    folder = _folder(lab, region)
    return Part(
        name=f"prometheus-{region.name}",
        region=region.name,
        argv=(
            str(binary()),
            f"--config.file={folder / files.CONFIGURATION}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={address}",
            # Its controller has it read its configuration again, and waits for the answer.
            "--web.enable-lifecycle",
            "--no-storage.tsdb.wal-compression",
            "--log.level=warn",
        ),
        environment=_ENVIRONMENT,
        ready=http_ok(f"http://{address}/-/ready"),
        addresses=(address,),
        detail=f"every {lab.timings.scrape_interval:g} s, kept for {RETENTION}",
    )


def _address(lab: Lab, region: Region) -> str:
    return f"{lab.inner(region, 'metrics')}:{addresses.METRICS_PORT}"


def _folder(lab: Lab, region: Region) -> Path:
    return lab.folder(region) / "prometheus"
