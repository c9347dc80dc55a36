"""Bubblewrap is had where it can be, and a lab goes on without it."""

import subprocess
from pathlib import Path

import pytest

from infctl.lab import bubblewrap
from infctl.lab.bubblewrap import Forbidden, Mount, find_words, mount_words


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on PATH."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.mark.usefixtures("bare")
def test_without_it_the_reason_is_told_once_and_pods_are_told_what_to_do() -> None:
    told: list[str] = []
    bubblewrap.ensure(told.append)
    assert "pods with volumes will not start" in told[-1]
    count = len(told)
    bubblewrap.ensure(told.append)
    assert len(told) == count
    with pytest.raises(Forbidden, match="apt-get install bubblewrap"):
        find_words()


def test_a_kernel_that_forbids_it_is_named(bare: Path) -> None:
    program = bare / "bwrap"
    program.write_text("#!/bin/sh\necho No permissions to create new namespace >&2; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(Forbidden, match=r"lets nobody mount: No permissions"):
        find_words()


def test_a_command_sees_its_mount_and_the_machine_gets_no_folder(tmp_path: Path) -> None:
    bubblewrap.ensure(print)
    (tmp_path / "file").write_text("hello")
    (tmp_path / "open").mkdir()
    target = tmp_path / "open" / "deep" / "place"
    words = mount_words([Mount(tmp_path, str(target), read_only=True)])
    done = subprocess.run(
        [*find_words(), *words, "cat", f"{target}/file"], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("hello", "")
    assert list((tmp_path / "open").iterdir()) == []
