"""A package's program comes with the libraries that the machine lacks, and those alone."""

import shutil
from pathlib import Path

import pytest

from infctl.lab.debian import Package

TOY = Package("toy", ("toy",), "Toy", has_libraries=True)
APT = """case "$*" in
*install*) echo "Inst libtoy1 (1 Debian:12)"; echo "Inst toy (1 Debian:12)"; echo "Conf toy";;
*download*libtoy1*toy*) touch libtoy1_1.deb toy_1.deb;;
*) exit 1;;
esac"""
DPKG = """case "$2" in
*libtoy1_1.deb) mkdir -p "$3/usr/lib/x86" && touch "$3/usr/lib/x86/libtoy.so.1";;
*) mkdir -p "$3/usr/bin" && touch "$3/usr/bin/toy";;
esac"""


def test_libraries_come_with_a_program_that_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("touch", "mkdir"):
        (programs / name).symlink_to(str(shutil.which(name)))
    for name, script in {"apt-get": APT, "dpkg-deb": DPKG}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert TOY.environment() == {}
    TOY.ensure(lambda _: None)
    folder = TOY.binary("toy").parent
    assert TOY.environment() == {"LD_LIBRARY_PATH": str(folder / "libraries")}
    assert [path.name for path in (folder / "libraries").iterdir()] == ["libtoy.so.1"]
