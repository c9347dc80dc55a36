"""Kubernetes and etcd from their official download sites, checked against published checksums."""

import re
import shutil
import tarfile
import threading
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

from infctl.lab.fetch import entry, release
from infctl.lab.fetch.storage import Report, scratch_of

CONNECT_SECONDS = 3.0
_READ_SECONDS = 30.0
_LARGEST_CHECKSUMS = 65536
_DIGEST = re.compile(r"[0-9a-f]{64}")


class _Refused(Exception):
    """What came is not what its publisher says it is."""


def find(
    folder: Path, report: Report, sites: Mapping[str, str] | None = None
) -> dict[str, entry.Program] | None:
    """Download all four programs; None, with the reason reported, where that cannot be done."""
    addresses = _addresses(sites or release.sites())
    try:
        _reach(addresses["kube-apiserver"][1])
        report(f"downloading Kubernetes {release.version_of(release.KUBERNETES)}")
        programs = {n: _program(folder, n, *addresses[n]) for n in release.COMPONENTS[1:]}
        programs["etcd"] = _etcd(folder, *addresses["etcd"])
    except _Refused as error:
        report(f"refused: {error}")
        return None
    except (OSError, HTTPException, tarfile.TarError, KeyError) as error:
        report(f"Kubernetes cannot be downloaded ({_reason(error)})")
        return None
    return programs


def _addresses(sites: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each component's address and that of its checksum."""
    machine = release.machine()
    etcd = {"version": release.version_of(release.ETCD), "machine": machine}
    found = {"etcd": (sites["etcd"].format(**etcd), sites["etcd_checksums"].format(**etcd))}
    for name in release.COMPONENTS[1:]:
        words = {
            "version": release.version_of(release.KUBERNETES),
            "machine": machine,
            "program": name,
        }
        pattern, checksum = sites["program"], sites["program_checksum"]
        found[name] = (pattern.format(**words), checksum.format(**words))
    return found


def _reach(address: str) -> None:
    """Ask once with a deadline that holds for name resolution too, which has none of its own."""
    failures: list[Exception] = []

    def ask() -> None:
        try:
            _read(address, CONNECT_SECONDS)
        except Exception as error:
            failures.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(CONNECT_SECONDS + 1)
    if asking.is_alive():
        raise TimeoutError(f"no answer in {CONNECT_SECONDS:g} s")
    if failures:
        raise failures[0]


def _program(folder: Path, name: str, address: str, checksum: str) -> entry.Program:
    words = _read(checksum, CONNECT_SECONDS).split()
    return _make_executable(_fetch(address, words[0] if words else "", folder / name))


def _etcd(folder: Path, address: str, checksums: str) -> entry.Program:
    """etcd comes in an archive, of which only the server is kept."""
    name = address.rpartition("/")[2]
    lines = (line.split() for line in _read(checksums, CONNECT_SECONDS).splitlines())
    expected = next((w[0] for w in lines if len(w) > 1 and w[1].lstrip("*") == name), "")
    archive = _fetch(address, expected, scratch_of(folder) / name)
    file = folder / "etcd"
    with tarfile.open(archive) as opened:
        member = opened.extractfile(f"{name.removesuffix('.tar.gz')}/etcd")
        if member is None:
            raise _Refused(f"{name} holds no etcd")
        with file.open("wb") as target:
            shutil.copyfileobj(member, target)
    return _make_executable(file)


def _fetch(address: str, expected: str, file: Path) -> Path:
    """Store what is at the address; _Refused, with no file left, if its digest is another."""
    if not _DIGEST.fullmatch(expected):
        raise _Refused(f"the publisher names no SHA-256 of {address}")
    with _open(address, _READ_SECONDS) as answer, file.open("wb") as target:
        shutil.copyfileobj(answer, target, 1 << 20)
    found = entry.digest_of(file)
    if found != expected:
        file.unlink()
        raise _Refused(f"{address} has SHA-256 {found}, its publisher says {expected}")
    return file


def _make_executable(file: Path) -> entry.Program:
    file.chmod(0o755)
    return entry.define(file)


def _read(address: str, seconds: float) -> str:
    with _open(address, seconds) as answer:
        return str(answer.read(_LARGEST_CHECKSUMS).decode("ascii", "replace"))


def _open(address: str, seconds: float) -> HTTPResponse:
    request = urllib.request.Request(address)  # noqa: S310 - from our own data file
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=seconds)  # noqa: S310
    return answer


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"{error.url} answers {error.code}"
    return str(getattr(error, "reason", "") or error) or type(error).__name__
