"""What must hold in a victim's folder at any moment, whatever happened to the victim."""

from pathlib import Path

from infctl.engine.journal import read_journal
from infctl.errors import JournalError
from infctl.model.journal import Kind
from infctl.simulator.crash.findings import CORRUPT, UNPLANNED, Finding, compare
from infctl.simulator.crash.outside import effects, read_acts
from infctl.simulator.crash.rehearsal import expected, step_of


def inspect_remains(trial: str, folder: Path) -> list[Finding]:
    """After a crash: the journal verifies, and whatever was done had its intent on disk."""
    try:
        records = read_journal(folder)
    except JournalError as error:
        return [Finding(trial, CORRUPT, error.what)]
    meant = {r.step for r in records if r.kind == Kind.INTENT}
    done = {step_of(act) for act in read_acts(folder)}
    return [Finding(trial, UNPLANNED, f"{step} was done") for step in sorted(done - meant)]


def inspect_end(trial: str, folder: Path) -> list[Finding]:
    """After the run went on to its end: every effect once, and a journal that verifies."""
    try:
        records = read_journal(folder)
    except JournalError as error:
        return [Finding(trial, CORRUPT, error.what)]
    found = compare(trial, expected(), effects(read_acts(folder)))
    is_over = bool(records) and records[-1].kind == Kind.HEAD
    return found if is_over else [*found, Finding(trial, CORRUPT, "the run has no last record")]
