"""The autoscaler, as the supervisor starts it."""

import sys

from infctl.lab.autoscaler.registration import HOST, PORT, listens_on, register
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

METER = "resource-metrics"
"""The certificate that the nodes' servers let read what pods use (agent.places)."""
METER_CLIENT = "infctl:resource-metrics"


def certificate_name(region: Region) -> str:
    """The name of our server's certificate among the lab's."""
    return f"autoscaler-{region.name}"


def prepare(lab: Lab, region: Region) -> None:
    """Issue the certificates of our server and of the client that asks the nodes."""
    # The autoscaler's own process needs no cryptography.
    from infctl.lab import pki

    pki.ensure_authority(lab)
    pki.issue(
        lab,
        certificate_name(region),
        common_name=f"autoscaler {region.name}",
        addresses=[listens_on(lab, region)],
        hosts=[HOST],
    )
    pki.issue(lab, METER, common_name=METER_CLIENT, client=True)


def parts(lab: Lab, region: Region) -> list[Part]:
    """One process; nobody needs it to serve, so it comes after the controllers that ask it."""
    address = f"{listens_on(lab, region)}:{PORT}"

    async def on_ready() -> None:
        await register(lab, region)

    return [
        Part(
            name=f"autoscaler-{region.name}",
            region=region.name,
            argv=(
                *(sys.executable, "-m", "infctl.lab.autoscaler"),
                *("--state", str(lab.state)),
                *("--region", region.name),
            ),
            environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
            ready=http_ok(f"https://{address}/healthz", ca=lab.ca),
            after=(f"api-{region.name}", f"controller-manager-{region.name}"),
            deadline=60,
            grace=0.5,
            on_ready=on_ready,
            addresses=(address,),
            detail="ScaledObjects, external and resource metrics",
        )
    ]
