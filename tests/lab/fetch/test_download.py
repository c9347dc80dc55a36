"""What comes from a download site is used only with the digest that its publisher names."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from download_site import Site, serve_site

from infctl.lab.fetch import download, release


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    made = tmp_path / "entry"
    made.mkdir()
    return made


def test_all_four_programs_come_and_run(site: Site, folder: Path) -> None:
    programs = download.find(folder, lambda _: None, site.sites)
    assert programs is not None
    assert sorted(programs) == sorted(release.COMPONENTS)
    for name, program in programs.items():
        said = subprocess.run([program.file], capture_output=True, text=True, check=True).stdout
        assert name in said


def _flip(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        ("kube-scheduler", _flip, "its publisher says"),
        (".tar.gz", _flip, "its publisher says"),
        ("kube-apiserver.sha256", lambda _: b"0" * 64, "its publisher says"),
        ("kube-apiserver.sha256", lambda _: b"", "names no SHA-256"),
        ("kube-apiserver.sha256", lambda _: b"<html>hello</html>", "names no SHA-256"),
        ("SHA256SUMS", lambda _: b"", "names no SHA-256"),
    ],
)
def test_a_file_of_another_digest_is_refused(
    site: Site, folder: Path, end: str, change: Callable[[bytes], bytes], said: str
) -> None:
    path = site.path(end)
    site.files[path] = change(site.files[path])
    told: list[str] = []
    assert download.find(folder, told.append, site.sites) is None
    assert any(line.startswith("refused: ") and said in line for line in told), told


@pytest.mark.parametrize("end", ["kube-apiserver.sha256", "kube-scheduler", ".tar.gz"])
def test_a_site_that_lacks_a_file_does_not_serve(site: Site, folder: Path, end: str) -> None:
    del site.files[site.path(end)]
    told: list[str] = []
    assert download.find(folder, told.append, site.sites) is None
    assert any("cannot be downloaded" in line and "404" in line for line in told), told


def test_nobody_at_the_address_is_told_at_once(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sites = dict.fromkeys(("program", "program_checksum"), f"http://127.0.0.1:{port}/{{program}}")
    sites |= dict.fromkeys(("etcd", "etcd_checksums"), f"http://127.0.0.1:{port}/etcd")
    told: list[str] = []
    assert download.find(folder, told.append, sites) is None
    assert any("cannot be downloaded" in line for line in told)


def test_a_site_that_swallows_requests_costs_seconds_only(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        sites = dict.fromkeys(("program", "program_checksum", "etcd", "etcd_checksums"), address)
        began = time.monotonic()
        assert download.find(folder, lambda _: None, sites) is None
        assert time.monotonic() - began < download.CONNECT_SECONDS + 2


def test_the_official_addresses_are_complete_and_encrypted() -> None:
    words = {"version": "1", "machine": "amd64", "program": "kube-apiserver"}
    assert len(release.sites()) == 4
    for pattern in release.sites().values():
        assert pattern.format(**words).startswith("https://")
