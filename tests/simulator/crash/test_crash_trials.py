"""Rows B2, B3, B5 and B9: sampled here, and whole with INFCTL_WHOLE=1."""

import os
from pathlib import Path

import platformdirs
import pytest

from infctl.simulator.crash import trials
from infctl.simulator.crash.findings import DOUBLED, UNPLANNED, Tally
from infctl.simulator.crash.points import Point
from infctl.simulator.crash.selftest import Bench, Extent, run_all
from infctl.simulator.crash.tracer import Tracer, find_tracer
from infctl.simulator.crash.victims import Laboratory
from infctl.simulator.crash.weakness import Weakness

IS_WHOLE = os.environ.get("INFCTL_WHOLE") == "1"
POINTS, IMAGES = (160, 870) if IS_WHOLE else (12, 120)

pytestmark = pytest.mark.timeout(900 if IS_WHOLE else 400)


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return find_tracer(Path(platformdirs.user_cache_dir("infctl")))


@pytest.fixture(scope="module")
def tallies(tracer: Tracer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    extent = Extent(seed=20, points=POINTS, images=IMAGES)
    bench = Bench(tracer, tmp_path_factory.mktemp("trials"), lambda text: None, extent)
    return {tally.family: tally for tally in run_all(bench)}


def test_b2_a_run_killed_at_any_system_call_loses_nothing_and_doubles_nothing(
    tallies: dict[str, Tally],
) -> None:
    for family, least in (("kill points", POINTS), ("killed again", POINTS // 8)):
        assert tallies[family].findings == []
        assert tallies[family].tried >= least


def test_b3_no_disk_after_a_power_cut_lacks_an_acknowledged_record(
    tallies: dict[str, Tally],
) -> None:
    assert tallies["disk images"].findings == []
    assert tallies["disk images"].tried >= IMAGES


def test_b3_the_images_find_what_synchronous_normal_loses(tallies: dict[str, Tally]) -> None:
    assert tallies["proof: NORMAL loses"].by["images that lost records"] >= IMAGES // 8


def test_b5_on_a_failing_disk_nothing_is_done_without_intent_and_the_exit_is_74(
    tallies: dict[str, Tally],
) -> None:
    assert tallies["failing disk"].findings == []
    assert tallies["failing disk"].tried >= POINTS // 2


def test_b9_a_lost_request_or_reply_at_each_of_twelve_steps_doubles_nothing(
    tallies: dict[str, Tally],
) -> None:
    assert tallies["lost replies"].findings == []
    assert tallies["lost replies"].by == {"before the act": 12, "after the act": 12}


@pytest.mark.parametrize(
    ("weakness", "call", "wrong"),
    [(Weakness.BLIND, "fsync", DOUBLED), (Weakness.HASTY, "pwrite64", UNPLANNED)],
)
def test_kills_find_an_engine_that_does_not_look_or_acts_before_its_intent(
    tracer: Tracer, tmp_path: Path, weakness: Weakness, call: str, wrong: str
) -> None:
    laboratory = Laboratory(tracer, weakness)
    for number in range(5 if call == "fsync" else 24, 60):
        verdict = trials.kill(laboratory, tmp_path, Point(call, number))
        if any(finding.wrong == wrong for finding in verdict.found):
            return
    pytest.fail(f"no kill found {weakness}")


def test_one_trial_is_repeated_by_its_name(tracer: Tracer, tmp_path: Path) -> None:
    extent = Extent(only="kill/fsync/9", images=10)
    tallies = run_all(Bench(tracer, tmp_path, lambda text: None, extent))
    assert [(t.family, t.tried) for t in tallies] == [("kill points", 1)]
