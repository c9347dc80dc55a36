"""Recorded journals of every release fold to what was written beside them, and go on (B10)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from journal_corpus import FOLDER, read, read_expected, resume, summary, toy_of

from infctl.engine.adoption import differences
from infctl.engine.journal import read_journal
from infctl.engine.journal.writing import adopt_records
from infctl.model.journal import check_chain, parse
from infctl.model.run import fold

JOURNALS = sorted(FOLDER.rglob("*.jsonl"))
RELEASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_b10_each_release_left_at_least_twenty_journals(release: Path) -> None:
    assert len(list(release.glob("*.jsonl"))) >= 20


@pytest.mark.parametrize("path", JOURNALS, ids=_name)
def test_b10_a_recorded_journal_is_whole_and_folds_to_its_state(path: Path) -> None:
    records = read(path)
    assert check_chain(records) == ""
    assert [r.canonical for r in records] == path.read_text().splitlines()
    expected = read_expected(path)
    assert json.loads(json.dumps(summary(fold(records)))) == {
        name: expected[name] for name in ("state", "course", "reason", "steps")
    }
    plan = fold(records).plan
    assert plan is not None
    assert plan.digest == records[0].plan_digest
    assert differences(plan, records) == ()


OPEN = [path for path in JOURNALS if "resumed" in read_expected(path)]


@pytest.mark.parametrize("path", OPEN, ids=_name)
async def test_b10_a_recorded_run_that_did_not_end_goes_on_to_its_end(path: Path) -> None:
    records = read(path)
    expected = read_expected(path)
    plan = fold(records).plan
    assert plan is not None
    toy = toy_of(expected["world"])
    state, reason, journal = await resume(toy, plan, records, expected["on_failure"])
    ended = expected["resumed"]
    assert (str(state), reason) == (ended["state"], ended["reason"])
    assert json.loads(json.dumps(toy.state())) == ended["world"]
    assert len(toy.effects) == len(set(toy.effects))
    assert check_chain(journal.written) == ""


def test_b10_there_are_runs_to_go_on_with() -> None:
    assert len(OPEN) >= 8


@pytest.mark.parametrize("path", JOURNALS, ids=_name)
def test_b10_a_recorded_journal_lives_in_a_folder_again(path: Path, tmp_path: Path) -> None:
    adopt_records(tmp_path, read(path))
    assert read_journal(tmp_path) == read(path)


def test_kinds_of_a_later_release_change_nothing() -> None:
    records = read(JOURNALS[0])
    later = replace(records[-1], seq=records[-1].seq + 1, prev=records[-1].digest, kind="dream")
    before, after = fold(records), fold([*records, later])
    assert (after.state, after.steps) == (before.state, before.steps)


def test_a_record_of_another_version_is_refused_by_its_number() -> None:
    data = json.loads(JOURNALS[0].read_text().splitlines()[0])
    with pytest.raises(ValueError, match="a record of version 2, this infctl reads version 1"):
        parse(json.dumps({**data, "v": 2}))
    with pytest.raises(ValueError, match="not a journal record"):
        parse(json.dumps({**data, "later": 1}))
