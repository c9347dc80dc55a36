"""A journal is read while its executor writes: that is no damage."""

from pathlib import Path

import pytest
from toy_world import ToyClock

from infctl.engine.journal import FileJournal, read_journal, reading
from infctl.errors import JournalError
from infctl.model.journal import Kind


def _journal(folder: Path) -> FileJournal:
    digest = "0" * 64
    journal = FileJournal(folder, run="r", plan_digest=digest, actor="a", clock=ToyClock())
    journal.append(Kind.PLAN, args={})
    return journal


@pytest.mark.parametrize("written", [1, 2, 7])
@pytest.mark.parametrize("moment", ["_rows", "_mark"])
def test_records_written_between_two_looks_are_no_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, written: int
) -> None:
    journal = _journal(tmp_path)
    real, rounds = getattr(reading, moment), [0]

    def meanwhile(folder: Path) -> object:
        found = real(folder)
        rounds[0] += 1
        if rounds[0] <= 3:
            for _ in range(written):
                journal.append(Kind.OBSERVED, result={"evidence": []})
        return found

    monkeypatch.setattr(reading, moment, meanwhile)
    assert len(read_journal(tmp_path)) == 1 + 3 * written
    journal.close()


def test_records_behind_a_mark_that_rests_are_damage(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    early = (tmp_path / "mark").read_bytes()
    for _ in range(2):
        journal.append(Kind.OBSERVED, result={"evidence": []})
    journal.close()
    (tmp_path / "mark").write_bytes(early)
    with pytest.raises(JournalError, match="another journal"):
        read_journal(tmp_path)
