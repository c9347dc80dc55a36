"""What must hold in every run: small named rules, asked at each grant, act, record and end."""

from infctl.simulator.invariants.judges import (
    judge_arrival,
    judge_end,
    judge_grant,
    judge_record,
    judge_sending,
)

__all__ = ["judge_arrival", "judge_end", "judge_grant", "judge_record", "judge_sending"]
