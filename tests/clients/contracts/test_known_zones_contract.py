"""What every KnownZones does, in memory and in a file; and what a file's content may be."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infctl.clients.known_zones import KnownZoneFile
from infctl.content.known_zone import OLDEST
from infctl.fakes.clock import FakeClock
from infctl.fakes.known_zones import FakeKnownZones
from infctl.ports.cloud import CloudState, HealthCheck, Record
from infctl.ports.known_zones import KnownZones

ZONE = "infctl.test"
LEAF = HealthCheck("vision-a-endpoint", {"Type": "HTTP", "Inverted": False}, "check-1")
BOTH = HealthCheck(
    "vision-a",
    {"Type": "CALCULATED", "ChildHealthChecks": ["vision-a-endpoint"], "HealthThreshold": 1},
    "check-2",
)
RECORD = Record("vision.infctl.test", "A", "a", 100, 20, ("192.0.2.1",), "vision-a")
STATE = CloudState("Z1", (RECORD,), (LEAF, BOTH))


@dataclass
class Subject:
    known: KnownZones
    clock: FakeClock


@pytest.fixture(params=["fake", "file"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    clock = FakeClock()
    if request.param == "fake":
        return Subject(FakeKnownZones(clock), clock)
    return Subject(KnownZoneFile(tmp_path / "known", "lab", clock), clock)


async def test_what_was_kept_is_recalled_with_its_time(subject: Subject) -> None:
    kept_at = subject.clock.wall()
    await subject.known.keep(ZONE, STATE)
    await subject.clock.sleep(3600)
    found = await subject.known.recall(ZONE)
    assert found.value is not None
    assert found.value.records == STATE.records
    assert {c.name: c.id for c in found.value.health_checks} == {
        "vision-a": "check-2",
        "vision-a-endpoint": "check-1",
    }
    assert found.at == kept_at


async def test_nothing_is_recalled_before_anything_was_kept(subject: Subject) -> None:
    found = await subject.known.recall(ZONE)
    assert (found.value, bool(found.reason)) == (None, True)


async def test_the_newest_state_counts(subject: Subject) -> None:
    await subject.known.keep(ZONE, STATE)
    await subject.clock.sleep(1)
    await subject.known.keep(ZONE, replace(STATE, records=(replace(RECORD, weight=0),)))
    found = await subject.known.recall(ZONE)
    assert found.value is not None
    assert found.value.records[0].weight == 0


async def test_a_zone_without_records_does_not_wipe_what_is_known(subject: Subject) -> None:
    await subject.known.keep(ZONE, STATE)
    await subject.known.keep(ZONE, CloudState())
    assert (await subject.known.recall(ZONE)).value is not None


async def test_after_seven_days_nothing_is_known(subject: Subject) -> None:
    await subject.known.keep(ZONE, STATE)
    await subject.clock.sleep(OLDEST - 1)
    assert (await subject.known.recall(ZONE)).value is not None
    await subject.clock.sleep(2)
    assert (await subject.known.recall(ZONE)).value is None


async def test_another_zone_is_not_known(subject: Subject) -> None:
    await subject.known.keep(ZONE, STATE)
    assert (await subject.known.recall("other.test")).value is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    asyncio.run(KnownZoneFile(tmp_path / "known", "lab", FakeClock()).keep(ZONE, STATE))
    return tmp_path / "known" / "lab.json"


def _recall(file: Path, environment: str = "lab") -> CloudState | None:
    known = KnownZoneFile(file.parent, environment, FakeClock())
    return asyncio.run(known.recall(ZONE)).value


def test_the_file_is_ours_alone_and_whole(file: Path) -> None:
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [p.name for p in file.parent.iterdir()] == ["lab.json"]
    assert _recall(file) is not None


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        inner: Any = data
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return change


BAD = {
    "another environment": _set("environment", to="prod"),
    "another kind": _set("kind", to="Run"),
    "the future": _set("at", to=1_700_009_999.0),
    "no time": _set("at", to="now"),
    "an endless time": _set("at", to=float("inf")),
    "no number": _set("at", to=float("nan")),
    "an address that is none": _set("records", 0, "values", to=["evil.example"]),
    "an address of the other family": _set("records", 0, "values", to=["::1"]),
    "no address": _set("records", 0, "values", to=[]),
    "escape sequences": _set("records", 0, "set_identifier", to="\x1b[2Jall healthy"),
    "a newline": _set("records", 0, "set_identifier", to="eu\n"),
    "a path": _set("health_checks", 0, "id", to="../../hostedzone"),
    "a weight as text": _set("records", 0, "weight", to="100"),
    "a weight below nothing": _set("records", 0, "weight", to=-1),
    "a check that is missing": _set("records", 0, "health_check", to="gone"),
    "a check that counts itself": _set(
        "health_checks", 1, "config", "ChildHealthChecks", to=["vision-a"]
    ),
    "two checks of one name": _set("health_checks", 0, "name", to="vision-a"),
    "no records": _set("records", to=[]),
    "an unknown field": _set("command", to="sh"),
    "a list where a mapping is": _set("records", 0, to=[]),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_whatever_is_wrong_in_the_file_makes_it_nothing(
    file: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    assert _recall(file) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "[" * 100_000, '{"at": 1, "at": 2}', "\ud800", "x" * 2_000_000]
)
def test_what_is_no_known_state_at_all_is_nothing(file: Path, text: str) -> None:
    file.write_bytes(text.encode(errors="surrogatepass"))
    assert _recall(file) is None


def test_a_file_through_a_link_or_with_a_second_name_is_nothing(file: Path) -> None:
    other = file.with_name("other.json")
    file.rename(other)
    file.symlink_to(other)
    assert _recall(file) is None
    file.unlink()
    os.link(other, file)
    assert _recall(file) is None


def test_a_file_or_folder_that_others_may_write_is_nothing(file: Path) -> None:
    file.chmod(0o622)
    assert _recall(file) is None
    file.chmod(0o600)
    file.parent.chmod(0o777)
    assert _recall(file) is None


async def test_where_it_cannot_be_kept_nobody_is_kept_waiting(tmp_path: Path) -> None:
    (tmp_path / "known").write_text("a file in the folder's place")
    known = KnownZoneFile(tmp_path / "known", "lab", FakeClock())
    await known.keep(ZONE, STATE)
    assert (await known.recall(ZONE)).value is None


async def test_others_records_in_the_zone_do_not_matter(tmp_path: Path) -> None:
    foreign = replace(RECORD, name="\\052.infctl.test", set_identifier="Blue 1")
    known = KnownZoneFile(tmp_path / "known", "lab", FakeClock())
    await known.keep(ZONE, replace(STATE, records=(RECORD, foreign)))
    found = await known.recall(ZONE)
    assert found.value is not None
    assert found.value.records == (RECORD,)


async def test_many_writers_of_one_program_stand_in_nobodys_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    folder = tmp_path / "known"
    folder.mkdir(mode=0o700)
    left, other = folder / "lab.1.new", folder / "lab.2.new"
    for path in (left, other):
        path.touch()
    os.utime(left, (1, 1))
    for _ in range(5):
        writers = [KnownZoneFile(folder, "lab", FakeClock()) for _ in range(20)]
        await asyncio.gather(*(writer.keep(ZONE, STATE) for writer in writers))
    assert not [r.getMessage() for r in caplog.records if "is not kept" in r.getMessage()]
    # What somebody left in the middle goes, once that is long ago.
    assert sorted(path.name for path in folder.iterdir()) == ["lab.2.new", "lab.json"]
