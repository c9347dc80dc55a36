from pathlib import Path

import pytest

from infctl.commands.run import run
from infctl.platform import lint


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init_writes_a_file_without_problems(tmp_path: Path) -> None:
    assert run(["init"]) == 0
    assert lint(tmp_path / "platform.yaml") == []


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_init_never_overwrites(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target"
    path = tmp_path / "platform.yaml"
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to(target)
    else:
        path.mkdir()
    assert run(["init"]) == 5
    assert "already there" in capsys.readouterr().err
    assert not target.exists()
    assert kind != "file" or path.read_text() == "mine"


def test_init_into_a_missing_folder_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--output", "missing/platform.yaml"]) == 1
    assert "mkdir -p missing" in capsys.readouterr().err
