import json
from pathlib import Path

import pytest

from infctl.commands.run import run
from infctl.platform.starter import starter


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INFCTL_ENV", raising=False)
    monkeypatch.delenv("INFCTL_PLATFORM", raising=False)
    path = tmp_path / "platform.yaml"
    path.write_text(starter(tmp_path))
    return path


def test_lint_of_a_right_file_ends_0(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "lint"]) == 0
    assert capsys.readouterr().out == ""


def test_lint_prints_every_problem_and_ends_78(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(path.read_text().replace("ttl: 20s", "tll: 20s").replace("rto: 90s", "rto: 9s"))
    assert run(["config", "lint"]) == 78
    out = capsys.readouterr().out
    assert out.count("platform.yaml:") == 2 or "unknown key" in out
    assert "did you mean ttl?" in out


def test_lint_in_json_names_line_and_column(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(path.read_text().replace("ttl: 20s", "tll: 20s"))
    assert run(["config", "lint", str(path), "-o", "json"]) == 78
    (problem,) = json.loads(capsys.readouterr().out)["items"]
    line = path.read_text().splitlines()[problem["line"] - 1]
    assert line[problem["column"] - 1 :].startswith("tll")


def test_view_shows_the_overlay_and_the_defaults(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--env", "prod", "config", "view", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["autoscaling"]["min_replicas"] == 3
    assert shown["autoscaling"]["polling"] == "15s"
    assert shown["environments"]["prod"]["class"] == "prod"


def test_what_view_shows_is_a_platform_file_again(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "view"]) == 0
    first = capsys.readouterr().out
    path.write_text(first)
    assert run(["config", "view"]) == 0
    assert capsys.readouterr().out == first


def test_schema_is_a_json_schema(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Platform"


def test_bounds_show_the_sum(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "bounds"]) == 0
    assert "52s = interval 10s x threshold 3 + TTL 20s + timeout 2s" in capsys.readouterr().out


def test_without_a_file_the_next_command_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.unlink()
    for words in (["config", "lint"], ["config", "view"], ["deploy", "render"]):
        assert run(words) == 78
        assert "infctl init" in capsys.readouterr().err
