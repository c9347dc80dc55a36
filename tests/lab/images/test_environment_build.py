"""Building an environment: once, whole or not at all, with or without uv."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infctl.lab.errors import LabError
from infctl.lab.images import build, environments, table

TRIAL = "import sys; sys.exit('no such module: y' if sys.argv[1:] == ['bad'] else 0)"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table with one small image that needs an environment without any package."""
    folder = tmp_path / "sources" / "toy"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "toy.py").write_text(TRIAL)
    _write_table(tmp_path / "sources", trial=[])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(table, "_HERE", tmp_path / "sources")
    monkeypatch.setattr(table, "_DATA", tmp_path / "sources" / "images.json")
    return folder


def _write_table(sources: Path, trial: list[str]) -> None:
    entry = {
        "name": "toy",
        "tags": [],
        "folder": "toy",
        "requirements": "requirements.txt",
        "module": "toy",
        "trial": trial,
        "variables": {},
    }
    (sources / "images.json").write_text(json.dumps([entry]))


def _image() -> table.Image:
    (entry,) = table.read_entries()
    return table.image_of(entry)


def test_it_is_built_once_and_runs(toy: Path) -> None:
    said: list[str] = []
    build.ensure(said.append)
    assert _image().missing() == ""
    assert subprocess.run(_image().argv, cwd=toy, check=False).returncode == 0
    assert any("once" in text for text in said)
    said.clear()
    build.ensure(said.append)
    assert said == []


def test_it_is_built_without_uv_too(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_find_uv", lambda: None)
    build.ensure(print)
    assert _image().missing() == ""


def test_half_a_build_is_built_anew(toy: Path) -> None:
    folder = environments.folder_of(toy / "requirements.txt")
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "left-over").touch()
    build.ensure(print)
    assert _image().missing() == ""
    assert not (folder / "left-over").exists()


@pytest.mark.parametrize(
    "requirement",
    [
        "no-such-package-at-all @ file:///nowhere/x-1-py3-none-any.whl --hash=sha256:" + "0" * 64,
        "unpinned",
        "!!!",
    ],
)
def test_what_cannot_be_installed_is_an_error_that_leaves_nothing(
    toy: Path, requirement: str
) -> None:
    (toy / "requirements.txt").write_text(requirement + "\n")
    with pytest.raises(LabError, match="the environment of toy failed") as caught:
        build.ensure(print)
    assert "infctl lab fetch" in caught.value.hint
    assert [path.name for path in environments.root().iterdir()] == ["lock"]
    assert _image().missing()


def test_an_environment_that_fails_its_trial_does_not_count(toy: Path) -> None:
    _write_table(toy.parent, trial=["bad"])
    with pytest.raises(LabError, match="no such module: y"):
        build.ensure(print)
    assert _image().missing()


def test_a_disk_without_space_is_said_before_anything_is_built(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_NEEDED_BYTES", 1 << 62)
    with pytest.raises(LabError, match="are free"):
        build.ensure(print)


_ASK = """
import sys
from pathlib import Path
from infctl.lab.images import build, table
table._HERE = Path(sys.argv[1]); table._DATA = table._HERE / "images.json"
build.ensure(print)
"""


def test_two_that_ask_at_once_build_it_once(toy: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK, str(toy.parent)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("building the environment of toy from" in text for text in said) == 1
    assert _image().missing() == ""
