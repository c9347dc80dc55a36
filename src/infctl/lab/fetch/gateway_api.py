"""Gateway API's standard definitions, out of its Go module (go.sum holds the module's digest)."""

import json
import shutil
import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from infctl.lab.errors import LabError
from infctl.lab.fetch import release
from infctl.lab.fetch.golang import Toolchain

FOLDER = "definitions"
PARSED = "parsed.json"
"""All documents of the folder, since parsing them costs a second that each start would pay."""


def copy(entry: Path, toolchain: Toolchain) -> None:
    """Put the YAML files, and what they say, into an entry's folder of definitions."""
    source = _module(toolchain) / "config" / "crd" / "standard"
    target = entry / FOLDER
    target.mkdir()
    for file in sorted(source.glob("*.yaml")):
        shutil.copyfile(file, target / file.name)
    yaml = YAML(typ="safe", pure=False)
    files = sorted(target.glob("*.yaml"))
    documents = [d for f in files for d in yaml.load_all(f.read_text()) if d]
    if not documents:
        raise LabError(f"{source} holds no definitions", "infctl lab fetch")
    (target / PARSED).write_text(json.dumps(documents, default=str))


def _module(toolchain: Toolchain) -> Path:
    asked = subprocess.run(
        toolchain.command("mod", "download", "-json", release.GATEWAY_API),
        cwd=release.SOURCES,
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return Path(json.loads(asked.stdout)["Dir"])
    except (ValueError, KeyError):
        last = " ".join((asked.stderr or asked.stdout).strip().splitlines()[-2:])
        raise LabError(
            f"the module {release.GATEWAY_API} cannot be had: {last}",
            "infctl lab fetch (modules come through GOPROXY: go env GOPROXY)",
        ) from None
