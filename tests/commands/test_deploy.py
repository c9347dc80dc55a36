import json
from pathlib import Path
from typing import Any

import pytest

from infctl.commands import deploy_rows
from infctl.commands.run import run
from infctl.engine.deploy.plan import RegionPlan
from infctl.engine.deploy.results import Action, Change, RegionResult
from infctl.engine.deploy.status import Deployed
from infctl.platform.starter import starter


@pytest.fixture(autouse=True)
def _platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INFCTL_ENV", raising=False)
    monkeypatch.delenv("INFCTL_PLATFORM", raising=False)
    (tmp_path / "platform.yaml").write_text(starter(tmp_path))


def _render(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["deploy", "render", *words]) == 0
    return capsys.readouterr().out


def test_rendering_twice_gives_equal_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert _render(capsys, "eu-west-1") == _render(capsys, "eu-west-1")


def test_all_regions_are_rendered_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _render(capsys)
    assert [f"# region {r}" in shown for r in ("us-east-1", "eu-west-1", "ap-south-1")] == [
        True
    ] * 3


def test_rendered_json_is_a_list_that_kubectl_takes(capsys: pytest.CaptureFixture[str]) -> None:
    shown: dict[str, Any] = json.loads(_render(capsys, "eu-west-1", "-o", "json"))
    assert (shown["apiVersion"], shown["kind"]) == ("v1", "List")
    assert shown["items"][0]["kind"] == "Namespace"


def test_an_unknown_region_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deploy", "render", "eu-wset-1"]) == 2
    assert "did you mean eu-west-1?" in capsys.readouterr().err


RESULTS = [
    RegionResult("eu-west-1", (Change("Service/a", Action.CREATED),), "2/2", "192.0.2.1", 1.25),
    RegionResult("us-east-1", (Change("Service/a", Action.UNCHANGED),), "2/2", "192.0.2.2", 0.5),
    RegionResult("ap-south-1", (), error="no answer within 2 s"),
    RegionResult("mars-1", (Change("Service/a", Action.CONFLICT, "owned by kubectl-edit"),)),
]


def test_rows_of_an_apply_say_changed_unchanged_or_failed() -> None:
    rows = deploy_rows.apply_rows(RESULTS)
    assert [row["result"] for row in rows] == ["changed", "unchanged", "failed", "failed"]
    reasons = [row["error"] for row in rows]
    assert reasons == [None, None, "no answer within 2 s", "Service/a: conflict"]
    assert rows[0]["_display"]["objects"] == "1 created"
    assert rows[2]["error"] == "no answer within 2 s"


def test_remarks_name_the_other_manager_once_with_its_regions() -> None:
    assert deploy_rows.remarks(RESULTS) == ["mars-1: Service/a: conflict: owned by kubectl-edit"]


def test_rows_of_a_plan_leave_out_what_stays() -> None:
    plans = [RegionPlan(result) for result in RESULTS]
    actions = [row["action"] for row in deploy_rows.plan_rows(plans)]
    assert actions == ["created", "unknown", "conflict"]
    assert len(deploy_rows.plan_rows(plans, everything=True)) == 4


def test_rows_of_a_status_cut_generations_short_in_tables_alone() -> None:
    digest = "sha256:" + "ab" * 32
    (row,) = deploy_rows.status_rows([Deployed("eu-west-1", "current", digest, digest, 2, 2)])
    assert row["found"] == digest
    assert row["_display"]["found"] == "ab" * 6
    assert row["_display"]["ready"] == "2/2"
