"""nginx, as the supervisor starts it."""

import shutil
from pathlib import Path

from infctl.lab import addresses
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.response_cache import configuration
from infctl.lab.response_cache.provide import binary
from infctl.lab.spec import Lab, Region


def folder_of(lab: Lab, region: Region) -> Path:
    """Where a region's answers are kept."""
    return lab.folder(region) / "answers"


def prepare(lab: Lab, region: Region) -> None:
    """Write the configuration; nothing is kept of an earlier run."""
    folder = folder_of(lab, region)
    shutil.rmtree(folder, ignore_errors=True)
    for name in (configuration.MODELS, configuration.ANSWERS, "temporary", "versions"):
        (folder / name).mkdir(parents=True, mode=0o700)
    text = configuration.make_configuration(lab, region)
    (folder / configuration.FILE).write_text(text)


def parts(lab: Lab, region: Region) -> list[Part]:
    """The server; none where there is no nginx, and requests then go where they would without."""
    try:
        program = binary()
    except FileNotFoundError:
        return []
    address = f"{lab.inner(region, 'cache')}:{addresses.CACHE_PORT}"
    folder = str(folder_of(lab, region))
    return [
        Part(
            name=f"cache-{region.name}",
            region=region.name,
            argv=(str(program), "-e", "stderr", "-p", folder, "-c", configuration.FILE),
            environment={"PATH": "/usr/bin:/bin"},
            ready=http_ok(f"http://{address}/ready"),
            after=(f"envoy-{region.name}",),
            grace=0,
            addresses=(address,),
            detail=f"answers for who asks by header, kept for {configuration.SECONDS_KEPT} s",
        )
    ]
