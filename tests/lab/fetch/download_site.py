"""A download site of the official layout, on this machine, whose files can be changed."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infctl.lab.fetch import release

PATTERNS = {
    "program": "{base}/release/v{version}/bin/linux/{machine}/{program}",
    "program_checksum": "{base}/release/v{version}/bin/linux/{machine}/{program}.sha256",
    "etcd": "{base}/etcd/v{version}/etcd-v{version}-linux-{machine}.tar.gz",
    "etcd_checksums": "{base}/etcd/v{version}/SHA256SUMS",
}


class Site:
    """The files by path, and which paths were asked for."""

    def __init__(self, base: str, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        known = {"base": base, "version": "{version}", "machine": "{machine}"}
        self.sites = {n: p.format(**known, program="{program}") for n, p in PATTERNS.items()}

    def path(self, end: str) -> str:
        """The one path that ends so."""
        (found,) = [path for path in self.files if path.endswith(end)]
        return found


def official_files() -> dict[str, bytes]:
    """Small scripts in place of programs, with the checksums that belong to them."""
    kubernetes, etcd = release.version_of(release.KUBERNETES), release.version_of(release.ETCD)
    files = {}
    for name in release.COMPONENTS[1:]:
        content = f"#!/bin/sh\necho {name} Kubernetes v{kubernetes}\n".encode()
        path = f"/release/v{kubernetes}/bin/linux/{release.machine()}/{name}"
        files[path] = content
        files[f"{path}.sha256"] = hashlib.sha256(content).hexdigest().encode()
    name = f"etcd-v{etcd}-linux-{release.machine()}"
    archive = _pack(f"{name}/etcd", f"#!/bin/sh\necho etcd Version: {etcd}\n".encode())
    files[f"/etcd/v{etcd}/{name}.tar.gz"] = archive
    other = hashlib.sha256(b"another system's").hexdigest()
    line = f"{hashlib.sha256(archive).hexdigest()}  {name}.tar.gz"
    files[f"/etcd/v{etcd}/SHA256SUMS"] = f"{other}  etcd-v{etcd}-plan9.zip\n{line}\n".encode()
    return files


def _pack(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@contextmanager
def serve_site() -> Iterator[Site]:
    """Serve the official files on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            content = site.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}", official_files())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
