"""Which release the lab runs: versions, flags and the key of what is made of them."""

import hashlib
import json
import platform
import re
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "kubernetes"
"""Our Go main, with the versions and digests of all modules in go.mod and go.sum."""
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBERNETES = "k8s.io/kubernetes"
ETCD = "go.etcd.io/etcd/server/v3"
GATEWAY_API = "sigs.k8s.io/gateway-api"
_VERSIONED = "k8s.io/component-base/version"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@cache
def version_of(module: str) -> str:
    """The version of a module that go.mod requires, without its v."""
    text = (SOURCES / "go.mod").read_text()
    found = re.search(rf"^\s+{re.escape(module)} v(\S+)", text, re.MULTILINE)
    if not found:
        raise LookupError(f"go.mod does not require {module}")
    return found[1]


def go_version() -> tuple[int, int]:
    """The oldest Go that can build it, from go.mod."""
    found = re.search(r"^go (\d+)\.(\d+)", (SOURCES / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise LookupError("go.mod names no version of Go")
    return int(found[1]), int(found[2])


def machine() -> str:
    """This machine as Go and the download sites name it."""
    return _MACHINES.get(platform.machine(), platform.machine())


def build_flags() -> list[str]:
    """kubectl cannot parse a server's version that was not stamped in."""
    version = version_of(KUBERNETES)
    major, minor, _ = version.split(".", 2)
    stamps = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    linker = ["-s", "-w", *(f"-X {_VERSIONED}.{name}={value}" for name, value in stamps.items())]
    return ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", " ".join(linker)]


@cache
def key() -> str:
    """Names everything that decides what is run: sources, versions, flags, machine."""
    digest = hashlib.sha256(json.dumps([build_flags(), machine()]).encode())
    for path in sorted(SOURCES.iterdir()):
        if path.suffix in (".go", ".mod", ".sum"):
            digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return f"{version_of(KUBERNETES)}-{digest.hexdigest()[:16]}"


@cache
def sites() -> dict[str, str]:
    """The projects' official download sites, as patterns of addresses."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "sites.json").read_text())
    return found
