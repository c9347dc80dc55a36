"""Prometheus, as the supervisor starts it."""

import json
import os
from pathlib import Path

from infctl.lab import addresses, credentials
from infctl.lab.part import Part
from infctl.lab.prometheus.configuration import make_configuration
from infctl.lab.prometheus.provide import binary
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

RETENTION = "2h"
# The collector trades a little CPU for a third of the memory of three regions.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "GOGC": "50", "GOMAXPROCS": "1"}


def prepare(lab: Lab, region: Region) -> None:
    """Write the configuration and the token; JSON is YAML."""
    folder = _folder(lab, region)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    credentials.ensure_tokens(lab)
    token_file = folder / "token"
    descriptor = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(credentials.token(lab, "prometheus"))
    configuration = make_configuration(lab, region, token_file)
    (folder / "prometheus.yml").write_text(json.dumps(configuration, indent=1))


def parts(lab: Lab, region: Region) -> list[Part]:
    """One server; it does not wait for its API server, whose pods it finds once that answers."""
    address = f"{lab.edge(region, 'metrics')}:{addresses.METRICS_PORT}"
    folder = _folder(lab, region)
    return [
        Part(
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
    ]


def _folder(lab: Lab, region: Region) -> Path:
    return lab.folder(region) / "prometheus"
