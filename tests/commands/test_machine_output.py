"""Every command's -o json: one envelope on stdout, or nothing there and one error on stderr."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infctl.commands.index import COMMANDS
from infctl.commands.lazy import load
from infctl.commands.run import run
from infctl.commands.run_result import item_of
from infctl.model.plan import Operation, Plan, Step
from infctl.model.run import RunState, RunView, StepState, StepView

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RUN = "01k8aaaaaaaaaaaaaaaaaaaaaa"
WORDS = {
    "approve": ["--list"],
    "config lint": ["platform.yaml"],
    "deploy apply": ["--dry-run"],
    "drill failover": ["--dry-run"],
    "failover": ["--list"],
    "freeze": ["--status"],
    "restore": ["eu-west-1", "--dry-run"],
    "runbook show": ["failover"],
    "runs export": [RUN],
    "sim": ["--runs", "2"],
}
"""What a command needs to be asked something harmless; others are asked as they are."""
A_FILE = {"init"}
"""Its --output is where it writes."""
NO_LIST = {"Version"}
"""Kinds of one document: its facts stand where others have items."""
NOT_OURS = {"deploy render", "runs export", "config schema", "config view"}
"""Documents of other forms: Kubernetes' own List, records, a JSON Schema, the platform file."""


def _named(path: str, command: Any) -> list[str]:
    verbs = getattr(command, "commands", {})
    below = [name for verb in verbs for name in _named(f"{path} {verb}", verbs[verb])]
    has_form = any("--output" in parameter.opts for parameter in command.params)
    return [path, *below] if has_form else below


ALL = [name for noun, entry in COMMANDS.items() for name in _named(noun, load(noun, entry))]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("INFCTL_ENV", raising=False)
    monkeypatch.delenv("INFCTL_PLATFORM", raising=False)
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.mark.parametrize("name", sorted(set(ALL) - A_FILE))
def test_json_is_one_envelope_or_one_error(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*name.split(), *WORDS.get(name, []), "-o", "json"])
    said = capsys.readouterr()
    if not said.out:
        error = json.loads(said.err.splitlines()[-1])["error"]
        assert set(error) == {"code", "type", "message", "unchanged", "hint"}
        assert error["code"] == code != 0
        return
    found = json.loads(said.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    if name in NOT_OURS:
        return
    assert found["apiVersion"] == "infctl.dev/v1"
    assert re.fullmatch(r"[A-Z][A-Za-z]+", found["kind"])
    if found["kind"] in NO_LIST:
        return
    assert MOMENT.fullmatch(found["metadata"]["generatedAt"])
    assert isinstance(found["metadata"]["partial"], bool)
    assert all(isinstance(item, dict) for item in found["items"])


def test_enough_of_them_answer_without_an_environment(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("runs list", "runbook lint", "drill list", "commands", "sim --runs 1"):
        assert run([*line.split(), "-o", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["items"] is not None


def test_a_run_is_told_with_moments_in_utc_and_durations_in_seconds() -> None:
    plan = Plan("failover", "Move", "lab", (Step("a", Operation("x")), Step("b", Operation("y"))))
    done = StepView("a", StepState.DONE, started=1.5, ended=2.0, duration=0.5)
    view = RunView("r", plan, "d", RunState.RUNNING, (done, StepView("b")), started=1.0)
    item = item_of(view)
    assert (item["started"], item["ended"]) == ("1970-01-01T00:00:01.000Z", None)
    first, second = item["steps"]
    assert (first["started"], first["duration_s"]) == ("1970-01-01T00:00:01.500Z", 0.5)
    assert (second["started"], second["duration_s"]) == (None, None)
