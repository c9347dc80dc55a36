"""The name service, as the supervisor starts it."""

import sys

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab


def parts(lab: Lab) -> list[Part]:
    """One process; ready once it read Route 53 and answers."""
    admin = f"{lab.shared('dns')}:{addresses.DNS_ADMIN_PORT}"
    return [
        Part(
            name="dns",
            argv=(sys.executable, "-m", "infctl.lab.dns", "--state", str(lab.state)),
            environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
            ready=http_ok(f"http://{admin}/ready"),
            after=("moto",),
            addresses=(f"{lab.shared('dns')}:{addresses.DNS_PORT}", admin),
            detail="Route 53's answers and health checkers",
        )
    ]
