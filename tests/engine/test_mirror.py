"""A run's journal goes through ConfigMaps and comes back whole, whatever else lies there."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infctl.engine.mirror import (
    LARGEST,
    ORDER,
    PER_CHUNK,
    chunk_manifest,
    chunks,
    key_of,
    read_order,
    read_records,
    runs_in,
)
from infctl.model.journal import GENESIS, VERSION, Kind, Record
from infctl.ports.cluster import Object

RUN = "01hzy0000000000000000000aa"


def _chain(
    length: int, *, fences: tuple[int, ...] = (), after: tuple[Record, ...] = ()
) -> tuple[Record, ...]:
    """`length` records behind `after`; the fence of each, or 0."""
    found = list(after)
    for number in range(length):
        found.append(
            Record(
                v=VERSION,
                seq=len(found) + 1,
                prev=found[-1].digest if found else GENESIS,
                run=RUN,
                plan_digest="d",
                step=None,
                attempt=0,
                kind=str(Kind.OBSERVED),
                fence=fences[number] if number < len(fences) else (fences[-1] if fences else 0),
                actor="tester",
                at=1.0 + number,
                boottime=1.0,
                key="",
                before=None,
                args=None,
                result={"number": number},
                undo=None,
            )
        )
    return tuple(found)


def _objects(records: tuple[Record, ...]) -> list[Object]:
    return [chunk_manifest(RUN, "lab", number, data) for number, data in chunks(records).items()]


@pytest.mark.parametrize("length", [0, 1, PER_CHUNK, PER_CHUNK + 1, 3 * PER_CHUNK])
def test_what_was_written_is_read_back(length: int) -> None:
    records = _chain(length)
    assert read_records(RUN, _objects(records)) == records


@given(st.lists(st.sampled_from(range(45)), max_size=30), st.integers(1, 45))
def test_copies_that_lack_records_complete_each_other(lost: list[int], length: int) -> None:
    records = _chain(length)
    first = tuple(r for r in records if r.seq not in lost)
    second = tuple(r for r in records if r.seq in lost)
    assert read_records(RUN, _objects(first) + _objects(second)) == records


def test_a_gap_ends_what_can_be_carried_on() -> None:
    records = _chain(9)
    assert read_records(RUN, _objects(records[:4] + records[5:])) == records[:4]


def test_the_newer_holder_counts_where_an_overtaken_one_went_on_writing() -> None:
    common = _chain(5, fences=(1,))
    stale = _chain(3, fences=(1,), after=common)
    newer = _chain(2, fences=(2,), after=common)
    assert len({key_of(r) for r in (*stale, *newer)}) == len(stale) + 2
    for order in itertools.permutations((_objects(stale), _objects(newer))):
        assert read_records(RUN, [o for objects in order for o in objects]) == newer


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "\x1b[2J", "{" * 5000, '{"v": 1}', "9" * 5000]
)
def test_what_is_no_record_is_left_out(text: str) -> None:
    records = _chain(3)
    planted = {"metadata": {"labels": None}, "data": {"r000002.9": text, "x": 7}}
    assert read_records(RUN, [planted, *_objects(records), {"data": []}, {}]) == records
    assert read_order(RUN, [planted, {"data": {ORDER: text}}]) is None


def test_a_record_of_another_run_is_no_record_of_this_one() -> None:
    assert read_records("01hzy0000000000000000000bb", _objects(_chain(3))) == ()


def test_a_record_that_does_not_fit_ends_the_copy_and_breaks_no_other() -> None:
    records = _chain(2)
    large = replace(records[1], result="x" * LARGEST)
    assert read_records(RUN, _objects((records[0], large))) == records[:1]


def test_the_configmaps_are_told_apart_by_run() -> None:
    objects = _objects(_chain(25))
    assert {run: len(found) for run, found in runs_in([*objects, {"metadata": {}}]).items()} == {
        RUN: 2
    }
