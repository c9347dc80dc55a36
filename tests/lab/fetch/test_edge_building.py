"""The edge proxy comes into the cache whole and stays as it came; else Go's words are told."""

import os
from pathlib import Path

import pytest

from infctl.lab.errors import LabError
from infctl.lab.fetch import toxiproxy

GO = """#!/bin/sh
case "$1" in
  env) echo go1.26.1;;
  build) {build};;
esac
"""
MAKE = 'while [ "$1" != -o ]; do shift; done; echo made > "$2"'


@pytest.fixture
def put_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a Go that is first on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tools / "go").write_text(GO.format(build=MAKE))
    (tools / "go").chmod(0o755)
    return tools / "go"


def test_it_is_built_once_and_refused_where_it_was_changed(put_go: Path) -> None:
    told: list[str] = []
    with pytest.raises(FileNotFoundError, match="not in the cache"):
        toxiproxy.binary()
    toxiproxy.ensure(told.append)
    file = toxiproxy.binary()
    assert file.read_text() == "made\n"
    put_go.unlink()
    toxiproxy.ensure(told.append)
    assert len(told) == 1
    assert {path.name for path in file.parent.iterdir()} == {"edge", "edge.sha256"}
    file.write_text("changed")
    with pytest.raises(FileNotFoundError, match="not what was recorded"):
        toxiproxy.binary()


def test_a_build_that_fails_tells_gos_words_and_leaves_nothing(put_go: Path) -> None:
    put_go.write_text(GO.format(build="echo no such module >&2; exit 1"))
    with pytest.raises(LabError, match="no such module"):
        toxiproxy.ensure(lambda _: None)
    shelf = Path(os.environ["XDG_CACHE_HOME"]) / "infctl" / "toxiproxy"
    assert [path.name for path in shelf.iterdir()] == ["lock"]
