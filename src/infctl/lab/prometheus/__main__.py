"""`python -m infctl.lab.prometheus --state STATE --region NAME`.

Configures Prometheus, and follows versions and outcomes for the response cache: one process for
both, since each of them does little.
"""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from infctl.lab import addresses, credentials, spec
from infctl.lab.cluster import Cluster
from infctl.lab.prometheus.controller import Controller
from infctl.lab.prometheus.parts import server_url, targets_file
from infctl.lab.prometheus.promtool import Promtool
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.reloading import Reloader
from infctl.lab.response_cache.accounting import account
from infctl.lab.response_cache.controller import follow, sweep_for_ever
from infctl.lab.response_cache.parts import folder_of


async def _run(lab: spec.Lab, region: spec.Region) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    token = credentials.token(lab, "prometheus")
    async with Cluster(lab.api_url(region), token, lab.ca) as cluster:
        promtool, reloader = Promtool(binary("promtool")), Reloader(server_url(lab, region))
        files = targets_file(lab, region)
        controller = Controller(cluster, lab, region, files, promtool, reloader)
        answers = folder_of(lab, region)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(controller.run())
            tasks.create_task(follow(cluster, answers))
            tasks.create_task(sweep_for_ever(answers))
            tasks.create_task(account(lab.inner(region, "cache"), addresses.CACHE_METRICS_PORT))


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
