"""`python -m infctl.lab.autoscaler --state STATE --region NAME`."""

import asyncio
from pathlib import Path

import aiohttp

from infctl.lab import addresses, credentials, spec
from infctl.lab.autoscaler import server
from infctl.lab.autoscaler.controller import Controller
from infctl.lab.autoscaler.external import ExternalMetrics
from infctl.lab.autoscaler.kubelets import Kubelets
from infctl.lab.autoscaler.parts import METER, certificate_name
from infctl.lab.autoscaler.registration import PORT, listens_on
from infctl.lab.autoscaler.resources import ResourceMetrics
from infctl.lab.autoscaler.triggers.common import Reading
from infctl.lab.autoscaler.triggers.prometheus import Prometheus, ask, server_of
from infctl.lab.client_certificates import make_context
from infctl.lab.cluster import Cluster
from infctl.lab.regional import run_program


async def serve(lab: spec.Lab, region: spec.Region) -> None:
    """Keep the ScaledObjects and answer, until cancelled."""
    own = f"http://{lab.inner(region, 'metrics')}:{addresses.METRICS_PORT}"
    token = credentials.token(lab, "autoscaler")
    async with (
        Cluster(lab.api_url(region), token, lab.ca) as cluster,
        aiohttp.ClientSession() as session,
    ):

        async def ask_server(trigger: Prometheus) -> Reading:
            return await ask(session, server_of(trigger.server, own), trigger)

        controller = Controller(cluster, ask_server)
        kubelets = Kubelets(cluster, server.client_context(*_files(lab, METER), lab.ca))
        application = server.make_application(lambda: controller.is_listed)
        ExternalMetrics(controller).add_to(application)
        ResourceMetrics(cluster, kubelets).add_to(application)
        context = make_context(*_files(lab, certificate_name(region)), lab.ca)
        runner = await server.listen(application, listens_on(lab, region), PORT, context)
        try:
            await asyncio.gather(controller.run(), kubelets.run())
        finally:
            await runner.cleanup()


def _files(lab: spec.Lab, name: str) -> tuple[Path, Path]:
    folder = lab.ca.parent
    return folder / f"{name}.crt", folder / f"{name}.key"


def main() -> None:
    """Read the words on the command line and serve."""
    run_program("infctl.lab.autoscaler", serve)


if __name__ == "__main__":
    main()
