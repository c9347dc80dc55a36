"""An entry of the cache appears whole or not at all, and is what it was when it came."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy_ways
from toy_ways import leave_half, succeed

from infctl.lab.errors import LabError
from infctl.lab.fetch import gateway_api, provide, release, storage
from infctl.lab.fetch.storage import Report


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, where definitions come from no module."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(gateway_api, "copy", toy_ways.copy_definitions)
    return storage.root()


def silent(_: str) -> None:
    """No progress is wanted."""


def start(way: str) -> "subprocess.Popen[str]":
    command = [sys.executable, toy_ways.__file__, way]
    return subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, text=True)


def remains(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()} - {"lock", "calls"}


def test_nothing_is_there_before_and_the_reason_is_told(cache: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not in the cache"):
        provide.argv("etcd")
    with pytest.raises(FileNotFoundError, match="not in the cache"):
        provide.definitions_folder()


def test_what_was_had_once_is_found_again(cache: Path) -> None:
    provide.ensure_kubernetes(silent, {"toy": succeed})
    provide.ensure_kubernetes(silent, {})
    folder = cache / release.key()
    assert provide.argv("kube-scheduler") == (str(folder / "kubernetes"), "kube-scheduler")
    assert provide.definitions_folder() == folder / "definitions"
    assert remains(cache) == {release.key()}


def test_ways_are_tried_in_their_order_and_leave_nothing_to_the_next(cache: Path) -> None:
    tried: list[str] = []

    def no(folder: Path, toolchain: object, report: Report) -> None:
        tried.append("no")

    provide.ensure_kubernetes(silent, {"first": leave_half, "second": no, "third": succeed})
    manifest = json.loads((cache / release.key() / "manifest.json").read_text())
    assert tried == ["no"]
    assert manifest["source"] == "third"
    assert not (cache / release.key() / "kube-apiserver").exists()


def test_the_order_is_path_then_download_then_build() -> None:
    assert list(provide.WAYS) == ["path", "download", "build"]


def test_where_no_way_works_the_cache_stays_empty(cache: Path) -> None:
    with pytest.raises(LabError, match="in any way"):
        provide.ensure_kubernetes(silent, {"half": leave_half})
    assert remains(cache) == set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, LabError("no network"), OSError("full")])
def test_an_interrupted_way_leaves_nothing(cache: Path, error: BaseException) -> None:
    def interrupted(folder: Path, toolchain: object, report: Report) -> None:
        (folder / "kubernetes").write_text("half")
        raise error

    with pytest.raises(LabError if isinstance(error, Exception) else KeyboardInterrupt):
        provide.ensure_kubernetes(silent, {"toy": interrupted})
    assert remains(cache) == set()


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(LabError, match=str(tmp_path)) as failed:
        provide.ensure_kubernetes(silent, {"toy": succeed})
    assert "XDG_CACHE_HOME" in failed.value.hint


def test_what_a_killed_process_left_is_never_used_and_is_removed(cache: Path) -> None:
    killed = start("die")
    killed.communicate(timeout=30)
    assert remains(cache) == {"staging"}
    with pytest.raises(FileNotFoundError):
        provide.argv("etcd")
    provide.ensure_kubernetes(silent, {"toy": succeed})
    assert remains(cache) == {release.key()}


def test_two_at_once_make_it_once(cache: Path) -> None:
    both = [start("succeed"), start("succeed")]
    for process in both:
        process.communicate(timeout=30)
    assert [process.returncode for process in both] == [0, 0]
    assert (cache / "calls").read_text() == "called\n"


def test_a_second_one_waits_and_says_so(cache: Path) -> None:
    with storage.exclusive(silent):
        waiting = start("succeed")
        assert waiting.stdout is not None
        assert "waiting" in waiting.stdout.readline()
    waiting.communicate(timeout=30)
    assert waiting.returncode == 0


def _append(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("exec evil\n")


def _replace(file: Path) -> None:
    """Of the same size."""
    content = file.read_bytes()
    file.write_bytes(content[:-2] + b"x\n")


@pytest.mark.parametrize("tamper", [_append, _replace, Path.unlink])
def test_a_binary_that_was_changed_is_refused_and_had_again(cache: Path, tamper: object) -> None:
    provide.ensure_kubernetes(silent, {"toy": succeed})
    provide.argv("etcd")
    assert callable(tamper)
    tamper(cache / release.key() / "kubernetes")
    with pytest.raises(FileNotFoundError, match=r"not started|No such file"):
        provide.argv("etcd")
    told: list[str] = []
    provide.ensure_kubernetes(told.append, {"toy": succeed})
    assert "kubernetes" in told[0]
    provide.argv("etcd")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"programs": []}', '{"programs": {"etcd": {}}}', '{"programs": {}}']
)
def test_a_spoiled_manifest_is_no_entry(cache: Path, text: str) -> None:
    provide.ensure_kubernetes(silent, {"toy": succeed})
    (cache / release.key() / "manifest.json").write_text(text)
    with pytest.raises(FileNotFoundError):
        provide.argv("etcd")
