"""`python -m infctl.lab.prometheus --state STATE --region NAME`: configures Prometheus."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from infctl.lab import credentials, spec
from infctl.lab.cluster import Cluster
from infctl.lab.prometheus.controller import Controller
from infctl.lab.prometheus.parts import server_url, targets_file
from infctl.lab.prometheus.promtool import Promtool
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.reloading import Reloader


async def _run(lab: spec.Lab, region: spec.Region) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    token = credentials.token(lab, "prometheus")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        promtool, reloader = Promtool(binary("promtool")), Reloader(server_url(lab, region))
        files = targets_file(lab, region)
        await Controller(cluster, lab, region, files, promtool, reloader).run()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="infctl.lab.prometheus")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--region", required=True)
    words = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lab = spec.load(words.state)
    try:
        asyncio.run(_run(lab, lab.region(words.region)))
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    main()
