"""What a switch object says, whoever wrote it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_facts import facts_at

from infctl.model.measured import unknown
from infctl.model.shift import LONGEST, Shift, cannot_return, latest, read_shift, shift_line
from infctl.model.snapshot import RegionSnapshot, Replicas

NOW = 1_800_000_000.0


def _region(**values: Any) -> RegionSnapshot:
    region = facts_at(1.0).region("eu-west-1")
    return replace(region, **values)


def test_owner_reason_and_end_are_read_back() -> None:
    body = {"who": "ann@host", "reason": "bad power", "run": "01r", "at": NOW, "expires": NOW + 60}
    shift = read_shift("eu-west-1", json.dumps(body).encode())
    assert shift == Shift("eu-west-1", "ann@host", "bad power", "01r", NOW, NOW + 60)
    assert not shift.is_expired(NOW)
    assert shift.expires_soon(NOW)
    assert shift.is_expired(NOW + 60)
    assert shift_line(shift, NOW) == "eu-west-1 is off by ann@host: bad power; expires in 1m"


def test_a_switch_of_an_earlier_release_ends_after_three_days() -> None:
    shift = read_shift("eu-west-1", json.dumps({"at": NOW}).encode())
    assert shift.expires == NOW + LONGEST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"expires": "tomorrow", "who": 7}',
        b'{"expires": NaN}',
        b'{"expires": 1e400}',
        b'{"expires": -1}',
        b'{"expires": true}',
    ],
)
def test_a_switch_that_says_no_end_counts_as_expired(body: bytes) -> None:
    shift = read_shift("eu-west-1", body)
    assert shift.expires is None
    assert shift.is_expired(NOW)
    assert "EXPIRED" in shift_line(shift, NOW)


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    assert shift_line(read_shift("eu-west-1", body), NOW)


def test_what_people_wrote_cannot_move_the_cursor() -> None:
    body = json.dumps({"who": "\x1b[2Jann", "reason": "a\u202eb", "at": NOW}).encode()
    line = shift_line(read_shift("eu-west-1", body), NOW)
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_of_several_keepers_the_latest_end_counts() -> None:
    first, second = Shift("r", expires=NOW), Shift("r", expires=NOW + 5)
    assert latest([first, second, Shift("r")]) is second


@pytest.mark.parametrize(
    ("region", "reason", "is_measured"),
    [
        (_region(), "", True),
        (_region(replicas=replace(_region().replicas, value=Replicas(1, 2))), "1 of 2", True),
        (_region(replicas=replace(_region().replicas, value=Replicas(0, 0))), "0 of 0", True),
        (_region(replicas=unknown("k", 0.0, "no answer")), "its pods: no answer", False),
        (_region(cluster_version=unknown("k", 0.0, "dead")), "its cluster: dead", False),
        (_region(store=unknown("s3", 0.0, "dead")), "its object store: dead", False),
    ],
)
def test_only_a_region_that_is_seen_to_be_fit_returns(
    region: RegionSnapshot, reason: str, is_measured: bool
) -> None:
    why, measured = cannot_return(region)
    assert measured is is_measured
    assert why.startswith(reason)
    assert bool(why) is bool(reason)
