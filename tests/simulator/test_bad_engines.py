"""Engines that are bad on purpose: each is found within two hundred seeds."""

import importlib
import sys
from pathlib import Path

import pytest

from infctl.simulator.scenario import draw
from infctl.simulator.simulation import simulate

FOLDER = Path(__file__).parent / "bad_engines"
sys.path.insert(0, str(FOLDER))

SEEDS = 200
RULES = {
    "act_before_copy": "copy_comes_first",
    "blind_retry": "lost_is_read_back",
    "copies_without_fences": "done_stays_done",
    "forgetful_resume": "done_is_done",
    "forward_undo": "undo_goes_backwards",
    "hopeful_read_back": "done_is_true",
    "intent_after_act": "intent_comes_first",
    "lease_checked_once": "holder_alone_begins",
    "no_fence": "newest_fence_writes",
    "open_guards": "refused_runs_do_nothing",
    "ruthless_undo": "undo_leaves_others_alone",
    "stale_copies": "copies_suffice",
    "swallowed_journal_error": "intent_comes_first",
    "trusting_resume": "done_is_true",
    "undo_after_act": "intent_comes_first",
    "wall_time_takeover": "one_holder",
}


def test_there_is_a_rule_for_each_bad_engine() -> None:
    named = {path.stem for path in FOLDER.glob("*.py")} - {"spoiled_parts"}
    assert named == set(RULES)
    assert len(RULES) >= 10


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_bad_engine_is_found_by_its_rule(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    bad = importlib.import_module(name)
    for seed in range(SEEDS):
        scenario = draw(seed, bad.FAULTS)
        broken = {v.rule for v in simulate(scenario, bad.ENGINE).trace.violations}
        if RULES[name] in broken:
            return
    pytest.fail(f"{name} was not found within {SEEDS} seeds")
