"""moto and its fronts, as the supervisor starts them."""

import sys

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}


def parts(lab: Lab) -> list[Part]:
    """moto, the global front, and one front a region, named `cloud-REGION`."""
    return [_moto(lab), _front(lab, None), *(_front(lab, region) for region in lab.regions)]


def _moto(lab: Lab) -> Part:
    address = f"{lab.shared('moto')}:{addresses.MOTO_PORT}"
    return Part(
        name="moto",
        argv=(sys.executable, "-m", "infctl.lab.cloud.moto_process", "--state", str(lab.state)),
        environment=_ENVIRONMENT,
        ready=http_ok(f"http://{address}/moto-api/"),
        addresses=(address,),
        detail="the cloud's services; kept in memory",
    )


def _front(lab: Lab, region: Region | None) -> Part:
    host = lab.inner(region, "cloud") if region else lab.shared("cloud")
    address = f"{host}:{addresses.CLOUD_PORT}"
    argv = (sys.executable, "-m", "infctl.lab.cloud", "--state", str(lab.state))
    return Part(
        name=f"cloud-{region.name}" if region else "cloud",
        region=region.name if region else None,
        argv=(*argv, "--region", region.name) if region else argv,
        environment=_ENVIRONMENT,
        ready=http_ok(f"http://{address}/_infctl/ready"),
        after=("moto",),
        addresses=(address,),
        detail="regional services" if region else "global services",
    )
