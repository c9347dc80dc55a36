"""Two computations of one recovery time, by separate code, from separate records."""

import datetime
import json
import sys
from pathlib import Path

import pytest

from infctl.judge.evidence import Evidence, Terms
from infctl.judge.moments import find_recovered
from infctl.ports.load import RequestRecord

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))
from rto_from_access_logs import read_served, recovery_time

TERMS = Terms(20, 10, 3, 2, 0.25, 5, 90)
FAULT = 1_700_000_000.0
LOST, SURVIVOR = "127.16.1.2", "127.16.2.2"


def address_at(client: int, seconds: float) -> str:
    """Even clients leave the lost region late; each third one goes there once more by an answer."""
    if client % 3 == 0 and 10 <= seconds < 30 + client:
        return LOST
    return LOST if client % 2 == 0 and seconds < 20 + client else SURVIVOR


def test_both_agree_on_clients_that_come_and_go(tmp_path: Path) -> None:
    records, lines = [], []
    for client in range(12):
        for number in range(-20, 140):
            at = FAULT + number * 0.5 + client * 0.04
            address = address_at(client, at - FAULT)
            good = at < FAULT or address == SURVIVOR
            records.append(
                RequestRecord(f"c-{client}", at, at + 0.02, good, 200 * good, "", address)
            )
            if address == SURVIVOR:
                start = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(
                    "T", "milliseconds"
                )
                lines.append(
                    {"start_time": start, "duration_ms": 19, "status": 200, "client": f"c-{client}"}
                )
    log = tmp_path / "access.log"
    log.write_text("\n".join(json.dumps(line) for line in lines) + "\nhalf a li")
    recovered = find_recovered(Evidence(FAULT, records, frozenset({LOST}), TERMS))
    assert recovered is not None
    again = recovery_time(read_served([log]), FAULT, FAULT + 65)
    assert recovered - FAULT == pytest.approx(again, abs=0.3)
    assert again > 30
