"""B20: seeded defects over a fake environment and a folder of its own; each one is found."""

import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from healthy_world import ROOT, healthy_world, platform, pod

from infctl.content.facts import Facts
from infctl.engine import readiness
from infctl.engine.readiness import Diagnosis, diagnose
from infctl.engine.readiness.alarms import alarms
from infctl.engine.readiness.examination import Disk, Examination, Finding
from infctl.executor import doctor, examining, freezing
from infctl.executor.alarms import keep_alarm
from infctl.fakes.endpoint import Mood
from infctl.fakes.kinds import POLICY
from infctl.fakes.world import FakeWorld
from infctl.model import fence
from infctl.model.alarm import Alarm
from infctl.model.outcome import Word
from infctl.model.snapshot import Snapshot
from infctl.observe.signals import expressions
from infctl.platform import load
from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, LEASE, POD

HERE, OTHER, THIRD = "eu-west-1", "us-east-1", "ap-south-1"
RATE = expressions()["requests_per_second"]


@dataclass
class Place:
    """What a defect is sown into."""

    fake: FakeWorld
    state: Path
    monkeypatch: pytest.MonkeyPatch

    async def look(self) -> tuple[Diagnosis, ...]:
        return diagnose(await doctor.examine(self.fake.world(), platform(), self.state))


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Place:
    state = tmp_path / "infctl"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(examining, "DEADLINE", 0.3)
    monkeypatch.setattr(doctor, "DEADLINE", 0.3)
    # The folders of tests may lie in memory.
    monkeypatch.setattr(examining, "medium_problem", lambda _: "")
    return Place(await healthy_world(monkeypatch, state), state, monkeypatch)


async def refused_by_a_cluster(p: Place) -> None:
    p.fake.clusters[HERE].endpoint.mood = Mood.REFUSING


async def refused_by_a_store(p: Place) -> None:
    p.fake.stores[HERE].endpoint.mood = Mood.REFUSING


async def silent_cluster(p: Place) -> None:
    p.fake.clusters[HERE].endpoint.mood = Mood.SILENT


async def hanging_metrics(p: Place) -> None:
    p.fake.metrics[HERE].endpoint.mood = Mood.HANGING


async def silent_store(p: Place) -> None:
    p.fake.stores[HERE].endpoint.mood = Mood.SILENT


async def missing_right(p: Place) -> None:
    p.fake.clusters[HERE].forbidden.add(("patch", DEPLOYMENT))


async def no_right_to_the_lease(p: Place) -> None:
    p.fake.clusters[HERE].forbidden.add(("create", LEASE))


async def too_much_traffic(p: Place) -> None:
    for metrics in p.fake.metrics.values():
        metrics.values[RATE] = 1000.0


async def more_pods_than_allowed(p: Place) -> None:
    for metrics in p.fake.metrics.values():
        metrics.values[RATE] = 5000.0


async def another_generation(p: Place) -> None:
    patch = {"metadata": {"annotations": {"infctl.dev/generation": "sha256:old"}}}
    await p.fake.clusters[HERE].merge(CONFIG_MAP, "infctl-inventory", "vision", patch)


async def not_deployed(p: Place) -> None:
    await p.fake.clusters[HERE].delete(CONFIG_MAP, "infctl-inventory", "vision")


async def no_fence(p: Place) -> None:
    # Straight out of the store: the guard of a real one lets nobody take it away.
    del p.fake.clusters[HERE].storage.objects[(CONFIG_MAP, fence.SYSTEM, fence.CONFIG_MAP_NAME)]


async def no_policy(p: Place) -> None:
    await p.fake.clusters[HERE].delete(POLICY, fence.POLICY_NAME)


async def clock_that_is_late(p: Place) -> None:
    p.fake.metrics[HERE].values["time()"] = lambda: p.fake.clock.wall() - 30.0


async def full_disk(p: Place) -> None:
    p.monkeypatch.setattr(examining, "read_disk", lambda folder: Disk(str(folder), 10 * 2**20))


async def folder_of_everybody(p: Place) -> None:
    (p.state / "runs").chmod(0o777)


async def runs_in_memory(p: Place) -> None:
    p.monkeypatch.setattr(examining, "medium_problem", lambda _: "it is on tmpfs")


async def silent_place_of_the_lock(p: Place) -> None:
    p.fake.clusters[THIRD].endpoint.mood = Mood.HANGING


async def expired_shift(p: Place) -> None:
    body = json.dumps({"who": "ann", "reason": "test", "at": 1.0, "expires": 2.0}).encode()
    await p.fake.stores[OTHER].put(f"vision-switches-{OTHER}", f"off/{HERE}", body)


async def shift_that_ends_soon(p: Place) -> None:
    body = json.dumps({"who": "ann", "at": 1.0, "expires": p.fake.clock.wall() + 600}).encode()
    await p.fake.stores[OTHER].put(f"vision-switches-{OTHER}", f"off/{HERE}", body)


async def another_model_version(p: Place) -> None:
    models = json.dumps([{"name": "other", "version": "v9", "digest": "sha256:0"}])
    patch = {"metadata": {"annotations": {"infctl.dev/models": models}}}
    await p.fake.clusters[HERE].merge(DEPLOYMENT, "vision-stable", "vision", patch)


async def image_that_cannot_be_pulled(p: Place) -> None:
    await p.fake.clusters[HERE].create(pod(platform(), "new", reason="ErrImagePull"))


async def image_of_somebody_else(p: Place) -> None:
    await p.fake.clusters[HERE].create(pod(platform(), "new", image="docker.io/x@sha256:0"))


async def no_pod_at_all(p: Place) -> None:
    for number in range(2):
        await p.fake.clusters[HERE].delete(POD, f"vision-stable-{number}", "vision")


async def stale_credentials(p: Place) -> None:
    old = time.time() - 100 * 86_400
    os.utime(p.state / "kubeconfig", (old, old))


async def credentials_of_everybody(p: Place) -> None:
    (p.state / "kubeconfig").chmod(0o644)


async def no_bucket_for_switches(p: Place) -> None:
    del p.fake.stores[HERE].content[f"vision-switches-{HERE}"]


async def frozen(p: Place) -> None:
    from infctl.engine.locks import Freeze

    freezing.freeze_here(Freeze("holidays", "ann", 1.0))


async def no_record(p: Place) -> None:
    state = await p.fake.names.read("infctl.test")
    (record,) = [r for r in state.records if r.set_identifier == HERE]
    await p.fake.names.delete_record(state.zone_id, record)


async def nothing_known(p: Place) -> None:
    p.fake.names.endpoint.mood = Mood.SILENT
    p.fake.known.content.clear()


async def known_for_too_long(p: Place) -> None:
    """Two hours ago somebody read the zone, and now Route 53 does not answer."""
    await p.look()
    p.fake.names.endpoint.mood = Mood.SILENT
    p.fake.clock.now += 2 * 3600.0


async def nobody_keeps_it(p: Place) -> None:
    async def refuse(*_: object) -> None:
        """As a folder does that cannot be written."""

    p.monkeypatch.setattr(p.fake.known, "keep", refuse)


async def alarm_that_nobody_takes(p: Place) -> None:
    keep_alarm(Alarm("r1", "fake", "fail over", ("capacity",), "fire", "ann", 1.0))
    p.fake.notices.routes["on-call"].mood = Mood.SILENT


async def all_but_one_off(p: Place) -> None:
    for keeper in (HERE, THIRD):
        body = json.dumps({"who": "ann", "at": 1.0}).encode()
        for region in (OTHER, THIRD):
            if region != keeper:
                await p.fake.stores[keeper].put(f"vision-switches-{keeper}", f"off/{region}", body)


DEFECTS: list[tuple[Callable[[Place], Awaitable[None]], str, str]] = [
    (refused_by_a_cluster, "credentials", HERE),
    (refused_by_a_store, "credentials", HERE),
    (silent_cluster, "endpoints", HERE),
    (hanging_metrics, "endpoints", HERE),
    (silent_store, "endpoints", HERE),
    (missing_right, "permissions", HERE),
    (no_right_to_the_lease, "permissions", HERE),
    (too_much_traffic, "capacity", HERE),
    (more_pods_than_allowed, "limits", HERE),
    (another_generation, "plan_hash", HERE),
    (not_deployed, "plan_hash", HERE),
    (no_fence, "fence", HERE),
    (no_policy, "fence", HERE),
    (clock_that_is_late, "clock", HERE),
    (full_disk, "disk", ""),
    (folder_of_everybody, "disk", ""),
    (runs_in_memory, "disk", ""),
    (silent_place_of_the_lock, "lock", ""),
    (expired_shift, "shifts", HERE),
    (shift_that_ends_soon, "shifts", HERE),
    (another_model_version, "models", HERE),
    (image_that_cannot_be_pulled, "images", HERE),
    (image_of_somebody_else, "images", HERE),
    (stale_credentials, "secrets", ""),
    (credentials_of_everybody, "secrets", ""),
    (no_bucket_for_switches, "switches", HERE),
    (frozen, "standing", ""),
    (no_record, "records", HERE),
    (nothing_known, "known_state", ""),
    (known_for_too_long, "known_state", ""),
    (nobody_keeps_it, "known_state", ""),
    (alarm_that_nobody_takes, "alarms", ""),
    (all_but_one_off, "capacity", HERE),
    (all_but_one_off, "limits", HERE),
]


def test_there_are_twenty_defects_at_least() -> None:
    assert len(DEFECTS) >= 20


async def test_a_healthy_environment_passes_every_check(place: Place) -> None:
    bad = [d for d in await place.look() if d.finding.outcome.word is not Word.PASSED]
    assert bad == []


@pytest.mark.parametrize(("sow", "check", "where"), DEFECTS)
async def test_each_defect_is_found_in_time(
    place: Place, sow: Callable[[Place], Awaitable[None]], check: str, where: str
) -> None:
    await sow(place)
    began = time.monotonic()
    found = await place.look()
    assert time.monotonic() - began < 20
    failed = [
        d
        for d in found
        if d.check == check and d.finding.place == where and d.finding.outcome.word is Word.FAILED
    ]
    assert failed, [d for d in found if d.finding.outcome.word is not Word.PASSED]
    assert all(d.finding.outcome.evidence and d.finding.hint for d in failed)


@pytest.mark.parametrize(
    ("age", "word", "said"),
    [
        (0.0, Word.PASSED, "read 0 s ago: fresh"),
        (3000.0, Word.PASSED, "read 50 min ago: fresh"),
        (7000.0, Word.FAILED, "read 117 min ago: stale, and not used any more in 7 d"),
        (6 * 86_400.0, Word.FAILED, "read 6 d ago: stale, and not used any more in 24 h"),
        (8 * 86_400.0, Word.FAILED, "nothing to lean on: it is 8 days old"),
    ],
)
async def test_the_age_of_what_a_recovery_leans_on_is_told(
    age: float, word: Word, said: str, place: Place
) -> None:
    await place.look()
    place.fake.names.endpoint.mood = Mood.SILENT
    place.fake.clock.now += age
    (found,) = [d for d in await place.look() if d.check == "known_state"]
    assert found.finding.outcome.word is word
    assert said in found.finding.outcome.evidence[0]


@pytest.mark.parametrize(("overlay", "word"), [("lab", Word.PASSED), ("prod", Word.FAILED)])
def test_where_it_matters_a_broken_glass_is_told_by_two_ways(overlay: str, word: Word) -> None:
    facts = Facts(load(ROOT / "platform.yaml", overlay), Snapshot(1.0, ()), {})
    (found,) = alarms(Examination(facts, 1.0, Disk("x", 1)))
    assert found.outcome.word is word


async def test_what_cannot_be_read_is_not_taken_for_healthy(place: Place) -> None:
    await no_pod_at_all(place)
    (images,) = [d for d in await place.look() if d.check == "images" and d.finding.place == HERE]
    assert images.finding.outcome.word is Word.ERRORED


@pytest.mark.parametrize("name", list(readiness.CHECKS))
async def test_a_check_with_a_bug_is_errored(name: str, place: Place) -> None:
    def broken(_: Examination) -> list[Finding]:
        raise ZeroDivisionError

    place.monkeypatch.setattr(readiness, "CHECKS", {**readiness.CHECKS, name: broken})
    (found,) = [d for d in await place.look() if d.check == name]
    assert found.finding.outcome.word is Word.ERRORED


async def test_a_check_without_a_finding_is_errored(place: Place) -> None:
    place.monkeypatch.setattr(readiness, "CHECKS", {"empty": lambda _: []})
    (found,) = await place.look()
    assert found.finding.outcome.word is Word.ERRORED


async def test_the_whole_of_a_dead_region_takes_no_longer(place: Place) -> None:
    place.fake.silence(HERE, Mood.HANGING)
    began = time.monotonic()
    found = await place.look()
    assert time.monotonic() - began < 20
    passed = {
        d.finding.place
        for d in found
        if d.check == "fence" and d.finding.outcome.word is Word.PASSED
    }
    assert passed == {OTHER, THIRD}
