"""Envoy and its controller, as the supervisor starts them."""

import shutil
import sys
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.gateway import certificate_secret
from infctl.lab.gateway.bootstrap import admin, bootstrap_file, place, resources_folder
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab, Region

# Envoy keeps log lines for 10 s by default; the drill reads them while it runs.
_FLUSH_MILLISECONDS = 100


def parts(lab: Lab, region: Region) -> list[Part]:
    """Envoy is ready when its admin says so; the controller once it wrote what it read."""
    return [_envoy(lab, region), _controller(lab, region)]


def find_envoy() -> str:
    """Envoy beside this Python, else on PATH; FileNotFoundError with the remedy if neither."""
    beside = Path(sys.executable).with_name("envoy")
    found = str(beside) if beside.exists() else shutil.which("envoy")
    if found is None:
        raise FileNotFoundError("envoy is missing: install infctl with its `lab` extra")
    return found


def _envoy(lab: Lab, region: Region) -> Part:
    own = admin(lab, region)
    bound = place(lab, region).bound
    return Part(
        name=f"envoy-{region.name}",
        region=region.name,
        argv=(
            find_envoy(),
            *("--config-path", str(bootstrap_file(lab, region))),
            *("--concurrency", "1"),
            "--disable-hot-restart",
            *("--drain-time-s", "1"),
            *("--drain-strategy", "immediate"),
            *("--parent-shutdown-time-s", "2"),
            *("--file-flush-interval-msec", str(_FLUSH_MILLISECONDS)),
            *("--log-level", "warning"),
        ),
        environment={"PATH": "/usr/bin:/bin"},
        ready=http_ok(f"http://{own}/ready"),
        addresses=(
            own,
            f"{bound}:{addresses.GATEWAY_PORT}",
            f"{bound}:{addresses.GATEWAY_TLS_PORT}",
        ),
        detail="one worker",
    )


def _controller(lab: Lab, region: Region) -> Part:
    listed = resources_folder(lab, region) / "listed"

    async def ready() -> str:
        return "" if listed.exists() else "the region's objects are not read yet"

    async def on_ready() -> None:
        await certificate_secret.put(lab, region)

    return Part(
        name=f"gateway-{region.name}",
        region=region.name,
        argv=(
            *(sys.executable, "-m", "infctl.lab.gateway"),
            *("--state", str(lab.state)),
            *("--region", region.name),
        ),
        environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
        ready=ready,
        after=(f"api-{region.name}", f"envoy-{region.name}"),
        deadline=30,
        on_ready=on_ready,
    )
