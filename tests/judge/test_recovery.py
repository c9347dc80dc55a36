from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.judge.evidence import Evidence, Recovery, Terms
from infctl.judge.recovery import judge_recovery
from infctl.model.outcome import Word
from infctl.ports.cloud import Observation
from infctl.ports.load import RequestRecord, Resolution

LOST, OTHER = "127.16.1.2", "127.16.2.2"
TERMS = Terms(ttl=20, interval=10, threshold=3, timeout=2, ceiling=0.25, settle=5, objective=90)
FAULT = 1000.0


def request(client: str, ended: float, *, good: bool = True, took: float = 0.02) -> RequestRecord:
    region = "eu-west-1" if good else ""
    status = 200 if good else 0
    address = OTHER if good else LOST
    return RequestRecord(client, ended - took, ended, good, status, region, address)


def served_before(client: str) -> RequestRecord:
    return RequestRecord(client, FAULT - 1.02, FAULT - 1, True, 200, "us-east-1", LOST)


def a_drill(outages: dict[str, float], *, length: float = 80.0, step: float = 0.5) -> Evidence:
    """Clients that fail until their outage is over, a request each half second."""
    requests = [served_before(client) for client in outages]
    for client, outage in outages.items():
        for number in range(1, int(length / step)):
            ended = FAULT + number * step
            requests.append(request(client, ended, good=ended >= FAULT + outage))
    return Evidence(
        fault_at=FAULT,
        requests=requests,
        lost=frozenset({LOST}),
        terms=TERMS,
        resolutions=[
            resolution
            for client, outage in outages.items()
            for resolution in (
                Resolution(client, FAULT + outage - 20.2, (LOST,), 20.0),
                Resolution(client, FAULT + outage - 0.2, (OTHER,), 20.0),
            )
        ],
        observations=[
            ("vision-eu-endpoint", Observation(f"checker-{n}", healthy, at, ""))
            for n in range(3)
            for healthy, at in ((True, FAULT - 5 + n), (False, FAULT + 25 + n))
        ],
        answers=[(FAULT + n, (LOST if n < 28 else OTHER,)) for n in range(70)],
        host=[(FAULT + n, 0.3) for n in range(80)],
    )


def test_the_recovery_time_is_the_last_clients_first_good_answer_after_its_last_bad_one() -> None:
    recovery = judge_recovery(a_drill({"a": 30.0, "b": 47.0, "c": 0.0}))
    assert recovery.rto == pytest.approx(47.0)
    assert recovery.outcome.word is Word.PASSED
    assert recovery.failed == 59 + 93


def test_the_parts_are_what_checkers_answers_and_clients_say() -> None:
    parts = judge_recovery(a_drill({"a": 30.0, "b": 47.0})).parts
    assert parts is not None
    assert parts.detection == pytest.approx(27.0)
    assert parts.decision == pytest.approx(1.0)
    assert parts.propagation == pytest.approx(46.8 - 28)
    assert parts.client_drain == pytest.approx(0.2)


def test_the_floor_is_the_deciding_probe_and_the_longest_ttl_left() -> None:
    recovery = judge_recovery(a_drill({"a": 30.0, "b": 47.0}))
    assert recovery.floor == pytest.approx(27.0 + 19.8)
    assert recovery.ratio == pytest.approx(47.0 / 46.8)
    assert recovery.bound == 52.0


def test_the_switch_is_detected_by_an_inverted_check() -> None:
    drill = a_drill({"a": 30.0})
    words = [(name, replace(word, healthy=not word.healthy)) for name, word in drill.observations]
    inverted = frozenset({"vision-eu-endpoint"})
    recovery = judge_recovery(replace(drill, observations=words, inverted=inverted))
    # One of three checkers is more than 18 %.
    assert recovery.moments.detected == FAULT + 25


def test_a_region_that_still_serves_is_bad_where_it_was_switched_off() -> None:
    drill = a_drill({"a": 30.0, "b": 0.0})
    served = [
        replace(r, ok=True, status=200, region="us-east-1") if not r.ok else r
        for r in drill.requests
    ]
    recovery = judge_recovery(replace(drill, requests=served))
    assert recovery.rto == pytest.approx(30.0)
    assert recovery.failed == 0


def test_a_relapse_within_the_settling_window_starts_it_anew() -> None:
    drill = a_drill({"a": 30.0})
    relapse = request("a", FAULT + 34.2, good=False)
    recovery = judge_recovery(replace(drill, requests=[*drill.requests, relapse]))
    assert recovery.rto == pytest.approx(34.5)


def test_a_client_that_says_nothing_is_not_served() -> None:
    drill = a_drill({"a": 30.0, "b": 30.0})
    silent = [r for r in drill.requests if r.client == "a" or r.ended < FAULT + 40]
    recovery = judge_recovery(replace(drill, requests=silent))
    assert recovery.rto == pytest.approx(30.0)
    silent = [r for r in drill.requests if r.client == "a" or r.ended < FAULT + 30]
    assert judge_recovery(replace(drill, requests=silent)).outcome.word is Word.FAILED


def test_slow_answers_are_not_served_within_the_objective() -> None:
    drill = a_drill({"a": 10.0})
    slow = [
        replace(r, started=r.ended - 0.4) if FAULT < r.ended <= FAULT + 20 else r
        for r in drill.requests
    ]
    assert judge_recovery(replace(drill, requests=slow)).rto == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"requests": []}, Word.ERRORED),
        ({"requests": [served_before("a")]}, Word.ERRORED),
        ({"requests": a_drill({"a": 1.0}, length=10).requests}, Word.INCONCLUSIVE),
        ({"lost": frozenset({"127.16.9.2"})}, Word.INCONCLUSIVE),
        ({"host": [(FAULT + n, 0.9) for n in range(80)]}, Word.INCONCLUSIVE),
        (
            {"host": [(FAULT + n, 0.97 if 9 < n < 16 else 0.2) for n in range(80)]},
            Word.INCONCLUSIVE,
        ),
        ({"host": [(FAULT + n, 0.97 if 9 < n < 13 else 0.2) for n in range(80)]}, Word.PASSED),
        ({"terms": replace(TERMS, objective=20)}, Word.FAILED),
        ({"requests": a_drill({"a": 79.0}).requests}, Word.FAILED),
        ({"observations": [], "answers": [], "resolutions": []}, Word.PASSED),
    ],
)
def test_outcomes(change: dict[str, object], word: Word) -> None:
    recovery = judge_recovery(replace(a_drill({"a": 30.0}), **change))  # type: ignore[arg-type]
    assert recovery.outcome.word is word
    assert recovery.outcome.evidence


def test_without_observations_there_is_no_floor_and_no_ratio() -> None:
    recovery = judge_recovery(replace(a_drill({"a": 30.0}), observations=[]))
    assert (recovery.floor, recovery.ratio) == (None, None)


def test_what_happens_after_the_heal_does_not_count() -> None:
    drill = a_drill({"a": 30.0})
    later = [request("a", FAULT + 60 + n, good=False) for n in range(20)]
    both = replace(drill, requests=[*drill.requests, *later], until=FAULT + 50)
    assert judge_recovery(both).rto == pytest.approx(30.0)


outages = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(0, 60).map(float), min_size=1, max_size=6
)


@given(outages)
def test_parts_are_never_negative_and_add_up(found: dict[str, float]) -> None:
    recovery = judge_recovery(a_drill(found))
    assert recovery.rto is not None
    assert recovery.parts is not None
    split = recovery.parts
    each = (split.detection, split.decision, split.propagation, split.client_drain)
    assert min(each) >= 0
    assert sum(each) == pytest.approx(recovery.rto)


@given(outages, st.integers(-10_000, 10_000).map(float))
def test_moving_all_times_changes_nothing(found: dict[str, float], by: float) -> None:
    def plain(recovery: Recovery) -> tuple[object, ...]:
        assert recovery.rto is not None
        return recovery.outcome, recovery.requests, recovery.failed, round(recovery.rto, 6)

    drill = a_drill(found)
    assert plain(judge_recovery(_moved(drill, by))) == plain(judge_recovery(drill))


def _moved(drill: Evidence, by: float) -> Evidence:
    return replace(
        drill,
        fault_at=drill.fault_at + by,
        requests=[replace(r, started=r.started + by, ended=r.ended + by) for r in drill.requests],
        resolutions=[replace(r, at=r.at + by) for r in drill.resolutions],
        observations=[(n, replace(o, at=o.at + by)) for n, o in drill.observations],
        answers=[(at + by, found) for at, found in drill.answers],
        host=[(at + by, busy) for at, busy in drill.host],
    )
