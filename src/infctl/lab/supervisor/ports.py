"""Whether the addresses of the parts are free, and who holds those that are not."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.locate import can_bind
from infctl.lab.part import Part

_LISTENING = "0A"


def check_free(parts: Iterable[Part]) -> None:
    """LabError naming the first address that is taken, and its holder where it can be found."""
    for part in parts:
        for address in part.addresses:
            host, _, port = address.rpartition(":")
            if not can_bind(host, int(port)):
                raise LabError(
                    f"{part.name} needs {address}, which {_holder(host, int(port))} uses",
                    "stop it, or: infctl lab up --name OTHER takes another range of addresses",
                )


def _holder(host: str, port: int) -> str:
    inode = _inode(host, port)
    pid = _owner(inode) if inode else None
    if pid is None:
        return "another process"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"process {pid}"
    name = words[0].decode(errors="replace").rpartition("/")[2][:40]
    return f"process {pid} ({name})"


def _inode(host: str, port: int) -> str | None:
    """The socket that listens at this address, or at this port of all addresses."""
    wanted = {f"{_hexadecimal(h)}:{port:04X}" for h in (host, "0.0.0.0")}  # noqa: S104 - looked for
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] in wanted and fields[3] == _LISTENING:
            return fields[9]
    return None


def _hexadecimal(host: str) -> str:
    return f"{struct.unpack('=I', socket.inet_aton(host))[0]:08X}"


def _owner(inode: str) -> int | None:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            links = [str(link.readlink()) for link in (folder / "fd").iterdir()]
        except OSError:
            continue
        if f"socket:[{inode}]" in links:
            return int(folder.name)
    return None
