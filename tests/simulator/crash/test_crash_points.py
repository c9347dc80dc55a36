import pytest

from infctl.simulator.crash.points import Point, failures, kill_points, sample

COUNTS = {"openat": 60, "writev": 18, "pwrite64": 168, "fdatasync": 48, "fsync": 40, "unlink": 2}


def test_every_call_of_a_run_is_a_point() -> None:
    assert len(kill_points(COUNTS)) == sum(COUNTS.values())


def test_only_writing_calls_of_the_journal_fail() -> None:
    assert {p.call for p in failures(COUNTS)} == {"pwrite64", "fdatasync", "fsync"}
    assert len(failures(COUNTS)) == 2 * (168 + 48 + 40)


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_holds_every_call_and_no_point_twice(seed: int) -> None:
    chosen = sample(kill_points(COUNTS), 24, seed)
    assert len(set(chosen)) == 24
    assert {p.call for p in chosen} == set(COUNTS)
    assert chosen == sample(kill_points(COUNTS), 24, seed)


def test_another_seed_draws_other_points() -> None:
    assert sample(kill_points(COUNTS), 24, 1) != sample(kill_points(COUNTS), 24, 2)


def test_a_disk_that_is_full_stays_full() -> None:
    words = Point("fsync", 3, "ENOSPC").tracing()
    assert words[-1] == "inject=fsync:error=ENOSPC:when=3+"
    assert Point("fsync", 3).tracing()[-1] == "inject=fsync:signal=KILL:when=3"
