"""`python -m infctl.lab.prometheus --state STATE --region NAME`.

Configures Prometheus, and follows versions and outcomes for the response cache: one process for
both, since each of them does little.
"""

import asyncio

from infctl.lab import addresses, credentials, spec
from infctl.lab.cluster import Cluster
from infctl.lab.prometheus.controller import Controller
from infctl.lab.prometheus.parts import server_url, targets_file
from infctl.lab.prometheus.promtool import Promtool
from infctl.lab.prometheus.provide import binary
from infctl.lab.prometheus.reloading import Reloader
from infctl.lab.regional import run_program
from infctl.lab.response_cache.accounting import account
from infctl.lab.response_cache.controller import follow, sweep_for_ever
from infctl.lab.response_cache.parts import folder_of


async def serve(lab: spec.Lab, region: spec.Region) -> None:
    """Run all of it until cancelled."""
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
    """Read the words on the command line and serve."""
    run_program("infctl.lab.prometheus", serve)


if __name__ == "__main__":
    main()
