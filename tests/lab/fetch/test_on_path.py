"""Kubernetes on PATH is used when all four programs are there and new enough."""

from pathlib import Path

import pytest

from infctl.lab.fetch import onpath, release

GOOD = dict.fromkeys(release.COMPONENTS[1:], "Kubernetes v1.36.4") | {"etcd": "etcd Version: 3.6.1"}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is PATH, with the four programs in it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, version in GOOD.items():
        write(tmp_path / name, version)
    return tmp_path


def write(file: Path, version: str) -> None:
    file.write_text(f"#!/bin/sh\necho '{version}'\n")
    file.chmod(0o755)


def test_new_enough_programs_are_used_where_they_are(programs: Path) -> None:
    found = onpath.find(lambda _: None)
    assert found is not None
    assert {name: p.file for name, p in found.items()} == {name: programs / name for name in GOOD}


@pytest.mark.parametrize("name", release.COMPONENTS)
def test_three_of_four_do_not_serve(programs: Path, name: str) -> None:
    (programs / name).unlink()
    assert onpath.find(lambda _: None) is None


@pytest.mark.parametrize("version", ["Kubernetes v1.35.9", "Kubernetes v0.99.0", "", "no idea"])
def test_an_old_or_dumb_one_does_not_serve_and_is_named(programs: Path, version: str) -> None:
    write(programs / "kube-scheduler", version)
    told: list[str] = []
    assert onpath.find(told.append) is None
    assert "kube-scheduler" in told[0]


def test_a_program_that_cannot_run_does_not_serve(programs: Path) -> None:
    (programs / "etcd").write_text("#!/nowhere\n")
    assert onpath.find(lambda _: None) is None
