"""The trace store, as the supervisor starts it."""

import sys
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab


def folder_of(lab: Lab) -> Path:
    """Where the spans are kept."""
    return lab.folder() / "traces"


def parts(lab: Lab) -> list[Part]:
    """One server for all regions; nobody waits for it."""
    address = f"{lab.shared('traces')}:{addresses.TRACES_PORT}"
    return [
        Part(
            name="traces",
            argv=(sys.executable, "-m", "infctl.lab.traces", "--state", str(lab.state)),
            environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
            ready=http_ok(f"http://{address}/ready"),
            after=("dns",),
            grace=0.5,
            addresses=(address,),
            detail=f"takes spans at http://{address}/v1/traces",
        )
    ]
