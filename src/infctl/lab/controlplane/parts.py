"""The control plane's processes, as the supervisor starts them."""

from collections.abc import Callable

from infctl.lab import addresses, credentials
from infctl.lab.controlplane import flags
from infctl.lab.controlplane.installation import install
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

Argv = Callable[[str], tuple[str, ...]]
"""From a component's name to how it is started."""

# Go's own default. 40 saves 0.5 GB over three regions, and starts them 4 s later on two cores.
_ENVIRONMENT = {"GOGC": "100", "PATH": "/usr/bin:/bin"}


def parts(lab: Lab, region: Region, argv: Argv) -> list[Part]:
    """etcd, then the API server with what it must hold, then the two that use it."""
    return [
        _etcd(lab, region, argv),
        _apiserver(lab, region, argv),
        _component(lab, region, argv, "controller-manager", addresses.CONTROLLER_MANAGER_PORT),
        _component(lab, region, argv, "scheduler", addresses.SCHEDULER_PORT),
    ]


def _etcd(lab: Lab, region: Region, argv: Argv) -> Part:
    host = lab.inner(region, "etcd")
    ports = (addresses.ETCD_PORT, addresses.ETCD_PEER_PORT, flags.ETCD_HEALTH_PORT)
    return Part(
        name=f"etcd-{region.name}",
        region=region.name,
        argv=(*argv("etcd"), *flags.etcd(lab, region)),
        environment=_ENVIRONMENT,
        ready=http_ok(f"http://{host}:{flags.ETCD_HEALTH_PORT}/health"),
        grace=0,
        addresses=tuple(f"{host}:{port}" for port in ports),
        detail="without fsync",
    )


def _apiserver(lab: Lab, region: Region, argv: Argv) -> Part:
    token = credentials.token(lab, "lab")

    async def on_ready() -> None:
        await install(lab, region)

    return Part(
        name=f"api-{region.name}",
        region=region.name,
        argv=(*argv("kube-apiserver"), *flags.apiserver(lab, region)),
        environment=_ENVIRONMENT,
        ready=http_ok(f"{lab.api_url(region)}/readyz", ca=lab.ca, token=token),
        after=(f"etcd-{region.name}",),
        deadline=60,
        # On SIGTERM it waits for open watches, up to a minute, and keeps its port.
        grace=0,
        on_ready=on_ready,
        addresses=(f"{lab.inner(region, 'api')}:{addresses.API_PORT}",),
    )


def _component(lab: Lab, region: Region, argv: Argv, name: str, port: int) -> Part:
    host = lab.inner(region, name)
    making = {"controller-manager": flags.controller_manager, "scheduler": flags.scheduler}[name]
    return Part(
        name=f"{name}-{region.name}",
        region=region.name,
        argv=(*argv(f"kube-{name}"), *making(lab, region)),
        environment=_ENVIRONMENT,
        ready=http_ok(f"https://{host}:{port}/healthz", ca=lab.ca),
        after=(f"api-{region.name}",),
        deadline=60,
        grace=0,
        addresses=(f"{host}:{port}",),
    )
