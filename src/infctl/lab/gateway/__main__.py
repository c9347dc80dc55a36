"""`python -m infctl.lab.gateway --state STATE --region NAME`."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from infctl.lab import credentials, spec
from infctl.lab.cluster import Cluster
from infctl.lab.gateway import bootstrap, log_rotation
from infctl.lab.gateway.controller import Controller


async def serve(lab: spec.Lab, region: spec.Region) -> None:
    """Run the controller until SIGTERM."""
    token = credentials.token(lab, "gateway")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        folder = bootstrap.resources_folder(lab, region)
        admin = bootstrap.admin(lab, region)
        controller = Controller(cluster, bootstrap.place(lab, region), folder, admin)
        rotation = log_rotation.run(bootstrap.access_log(lab, region), admin)
        work = asyncio.gather(controller.run(), rotation)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
        try:
            await work
        except asyncio.CancelledError:
            return


def main() -> None:
    """Read the words on the command line and serve."""
    parser = argparse.ArgumentParser(prog="infctl.lab.gateway")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--region", required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lab = spec.load(given.state)
    asyncio.run(serve(lab, lab.region(given.region)))


if __name__ == "__main__":
    main()
