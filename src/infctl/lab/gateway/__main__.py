"""`python -m infctl.lab.gateway --state STATE --region NAME`."""

import asyncio

from infctl.lab import credentials, spec
from infctl.lab.cluster import Cluster
from infctl.lab.gateway import bootstrap, log_rotation
from infctl.lab.gateway.controller import Controller
from infctl.lab.regional import run_program


async def serve(lab: spec.Lab, region: spec.Region) -> None:
    """Run the controller until cancelled."""
    token = credentials.token(lab, "gateway")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        folder = bootstrap.resources_folder(lab, region)
        admin = bootstrap.admin(lab, region)
        controller = Controller(cluster, bootstrap.place(lab, region), folder, admin)
        rotation = log_rotation.run(bootstrap.access_log(lab, region), admin)
        await asyncio.gather(controller.run(), rotation)


def main() -> None:
    """Read the words on the command line and serve."""
    run_program("infctl.lab.gateway", serve)


if __name__ == "__main__":
    main()
