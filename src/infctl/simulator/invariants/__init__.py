"""What must hold in every run: small named rules, asked at each grant, act, record and end."""

from infctl.simulator.invariants.judges import (
    judge_arrival,
    judge_end,
    judge_grant,
    judge_record,
    judge_sending,
)
from infctl.simulator.invariants.machines import is_known_window

__all__ = [
    "is_known_window",
    "judge_arrival",
    "judge_end",
    "judge_grant",
    "judge_record",
    "judge_sending",
]
