"""What is written into a cluster by a freeze, when it is asked for, and what is said of silence."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from virtual_time import run

from infctl.engine.locks import (
    Freeze,
    FreezeWatch,
    in_force,
    read_freezes,
    read_history,
    refuse_if_frozen,
    write_freeze,
)
from infctl.engine.locks.freeze import NAME, read_word
from infctl.errors import Conflict, Exit, Frozen, InfctlError, Unmeasured
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.endpoint import Mood
from infctl.fakes.world import fake_world
from infctl.model.fence import SYSTEM
from infctl.ports.cluster import CONFIG_MAP, NAMESPACE, Object

WORD = Freeze("wrong region", "ana@laptop", 1000.0)
LATER = Freeze("again", "ben@desk", 2000.0)
LIFT = Freeze("over", "ben@desk", 3000.0, lifted=True)
TEXT = '{"why": "wrong region", "by": "ana@laptop", "at": 1000.0, "lifted": false}'


@dataclass
class Fussy(FakeCluster):
    """Notes what is created, and lets the first of these errors out of `create`."""

    errors: list[InfctlError] = field(default_factory=list)
    created: list[Object] = field(default_factory=list)
    merges: list[Object] = field(default_factory=list)
    is_overtaken: bool = False

    async def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        self.created.append(manifest)
        if self.errors:
            raise self.errors.pop(0)
        return await super().create(manifest, dry_run=dry_run)

    async def merge(
        self, kind: Any, name: str, namespace: str | None, patch: Object, *, dry_run: bool = False
    ) -> Object:
        self.merges.append(patch)
        if self.is_overtaken:
            self.is_overtaken = False
            data = {"freeze": json.dumps(LATER.to_json()), "history": json.dumps([LATER.to_json()])}
            await super().merge(kind, name, namespace, {"data": data})
        return await super().merge(kind, name, namespace, patch, dry_run=dry_run)


def one(cluster: FakeCluster) -> Any:
    fake = fake_world(["eu-west-1"])
    fake.clusters["eu-west-1"] = cluster
    return fake


CONFIG: Object = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "infctl-freeze", "namespace": "infctl-system"},
    "data": {"freeze": TEXT, "history": f"[{TEXT}]"},
}
SYSTEM_NAMESPACE: Object = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "infctl-system"},
}


def test_the_first_word_makes_what_keeps_it_and_its_namespace() -> None:
    async def scene() -> None:
        cluster = Fussy("eu-west-1")
        reach = await write_freeze(one(cluster).world(), WORD)
        assert (reach.written, reach.silent) == (("eu-west-1",), {})
        assert cluster.created == [CONFIG, SYSTEM_NAMESPACE, CONFIG]
        assert await read_history(cluster) == (WORD,)
        await write_freeze(one(cluster).world(), LIFT)
        assert cluster.created == [CONFIG, SYSTEM_NAMESPACE, CONFIG]
        found = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
        assert found is not None
        assert json.loads(found["data"]["history"]) == [WORD.to_json(), LIFT.to_json()]
        assert found["data"]["freeze"] == json.dumps(LIFT.to_json())

    run(scene())


def test_a_namespace_that_is_there_by_now_stops_nobody() -> None:
    async def scene() -> None:
        cluster = Fussy("eu-west-1")
        await FakeCluster.create(cluster, SYSTEM_NAMESPACE)
        cluster.errors = [InfctlError("not found"), Conflict("the namespace is there")]
        reach = await write_freeze(one(cluster).world(), WORD)
        assert (reach.written, reach.silent) == (("eu-west-1",), {})
        assert cluster.created == [CONFIG, SYSTEM_NAMESPACE, CONFIG]
        assert await cluster.read(NAMESPACE, SYSTEM) is not None

    run(scene())


def test_a_cluster_that_does_not_answer_is_not_asked_for_a_namespace() -> None:
    async def scene() -> None:
        cluster = Fussy("eu-west-1", errors=[Unmeasured("went away")])
        reach = await write_freeze(one(cluster).world(), WORD)
        assert (reach.written, reach.silent) == ((), {"eu-west-1": "went away"})
        assert cluster.created == [CONFIG]

    run(scene())


def test_a_word_said_at_the_same_moment_is_kept_and_ours_comes_after_it() -> None:
    async def scene() -> None:
        cluster = Fussy("eu-west-1")
        world = one(cluster).world()
        await write_freeze(world, WORD)
        before = await cluster.read(CONFIG_MAP, NAME, SYSTEM)
        assert before is not None
        cluster.is_overtaken = True
        await write_freeze(world, LIFT)
        assert await read_history(cluster) == (LATER, LIFT)
        versions = [patch["metadata"]["resourceVersion"] for patch in cluster.merges]
        assert versions[0] == before["metadata"]["resourceVersion"] != versions[1]
        assert await read_freezes({"eu-west-1": cluster}) == {"eu-west-1": LIFT}

    run(scene())


def test_a_freeze_waits_five_seconds_for_a_cluster_and_a_question_one() -> None:
    async def scene() -> None:
        fake = fake_world(["eu-west-1", "us-east-1", "ap-south-1"])
        fake.clusters["us-east-1"].endpoint.mood = Mood.HANGING
        fake.clusters["ap-south-1"].endpoint.mood = Mood.REFUSING
        loop = asyncio.get_running_loop()
        refused = "the Kubernetes API of ap-south-1 refuses who we are"
        begun = loop.time()
        reach = await write_freeze(fake.world(), WORD)
        assert loop.time() - begun == pytest.approx(5.0)
        assert reach.written == ("eu-west-1",)
        assert reach.silent == {"us-east-1": "no answer within 5 s", "ap-south-1": refused}
        begun = loop.time()
        assert await read_freezes(fake.clusters) == {
            "eu-west-1": WORD, "us-east-1": "no answer within 1 s", "ap-south-1": refused,
        }  # fmt: skip
        assert loop.time() - begun == pytest.approx(1.0)
        await read_freezes(fake.clusters, 0.25)
        assert loop.time() - begun == pytest.approx(1.25)

    run(scene())


def test_why_a_cluster_does_not_say_is_shown_short_and_clean() -> None:
    async def scene() -> None:
        cluster = Fussy("eu-west-1", errors=[Unmeasured("\x1b" + "x" * 400)])
        reach = await write_freeze(one(cluster).world(), WORD)
        assert reach.silent == {"eu-west-1": "\\u{1b}" + "x" * 294 + "…"}

    run(scene())


def test_the_oldest_freeze_is_in_force_and_what_is_no_freeze_is_not() -> None:
    assert in_force([]) is None
    assert in_force(["no answer", None, LIFT]) is None
    assert in_force([LATER, "no answer", WORD, LIFT]) == WORD
    assert WORD.sentence == "frozen by ana@laptop: wrong region"


def test_whoever_is_stopped_is_told_by_whom_and_what_ends_it() -> None:
    async def scene() -> None:
        fake = fake_world(["eu-west-1"])
        await refuse_if_frozen(fake.world(), lambda: LIFT)
        with pytest.raises(Frozen) as error:
            await refuse_if_frozen(fake.world(), lambda: WORD)
        where = "(says this machine: infctl freeze --lift on it)"
        assert error.value.what == f"frozen by ana@laptop: wrong region {where}"
        assert error.value.hint == "infctl freeze --status; infctl freeze --lift"
        assert error.value.unchanged == "nothing was changed"
        assert error.value.exit_code == Exit.REFUSED

    run(scene())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Freeze("w", "b", 5.0)),
        ({"at": "7"}, Freeze("w", "b", 7.0)),
        ({"at": "inf"}, Freeze("w", "b", 0.0)),
        ({"lifted": True}, Freeze("w", "b", 5.0, lifted=True)),
        ({"lifted": 1}, Freeze("w", "b", 5.0)),
        ({"why": "x" * 500}, Freeze("x" * 400 + "…", "b", 5.0)),
        ({"by": "x" * 500}, Freeze("w", "x" * 200 + "…", 5.0)),
        ({"why": 3, "by": None}, Freeze("3", "None", 5.0)),
        ({"at": 10**400}, Freeze("what the freeze says cannot be read", "unknown", 0.0)),
    ],
)
def test_a_word_is_read_with_limits_and_only_true_lifts(
    change: dict[str, Any], expected: Freeze
) -> None:
    data = {"why": "w", "by": "b", "at": 5.0, "lifted": False, **change}
    assert read_word(json.dumps(data)) == expected


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, []),
        ({}, []),
        ({"history": "7"}, []),
        ({"history": "{"}, []),
        ({"history": f"[{TEXT}]"}, ["wrong region"]),
        ({"history": f"[7, {TEXT}]"}, ["what the freeze says cannot be read", "wrong region"]),
    ],
)
def test_a_history_that_cannot_be_read_is_empty(data: Any, why: list[str]) -> None:
    class Spoiled(FakeCluster):
        async def read(self, kind: Any, name: str, namespace: str | None = None) -> Object | None:
            assert (kind, name, namespace) == (CONFIG_MAP, "infctl-freeze", "infctl-system")
            return {"metadata": {"name": name}, "data": data}

    async def scene() -> None:
        cluster = Spoiled("eu-west-1")
        assert [word.why for word in await read_history(cluster)] == why
        assert (await read_freezes({"eu-west-1": cluster})) == {"eu-west-1": None}

    run(scene())


def test_a_cluster_is_asked_every_half_second_each_at_its_own_pace() -> None:
    async def scene() -> None:
        fake = fake_world(["eu-west-1", "us-east-1"])
        fake.clusters["us-east-1"].endpoint.mood = Mood.HANGING
        loop = asyncio.get_running_loop()

        class Clock:
            slept: list[float] = []  # noqa: RUF012

            def wall(self) -> float:
                return loop.time()

            boottime = wall

            async def sleep(self, seconds: float) -> None:
                self.slept.append(seconds)
                await asyncio.sleep(seconds)

        watch = FreezeWatch(fake.world(), lambda: None, Clock())
        following = asyncio.ensure_future(watch.run())
        await asyncio.sleep(5.75)
        assert fake.clusters["eu-west-1"].endpoint.calls == 12
        # A second of silence, then half a one.
        assert fake.clusters["us-east-1"].endpoint.calls == 4
        assert set(Clock.slept) == {0.5}
        following.cancel()

    run(scene())


def test_a_watch_forgets_a_word_only_when_the_cluster_says_so() -> None:
    async def scene() -> None:
        fake = fake_world(["eu-west-1", "us-east-1"])
        watch = FreezeWatch(fake.world(), lambda: None, fake.clock)
        await watch.ask()
        assert watch.current() is None
        await write_freeze(fake.world(), LATER)
        await watch.ask()
        assert watch.current() == LATER
        fake.clusters["eu-west-1"].endpoint.mood = Mood.SILENT
        await write_freeze(fake.world(), LIFT)
        await watch.ask()
        assert watch.current() == LATER
        fake.clusters["eu-west-1"].endpoint.mood = Mood.ANSWERING
        await write_freeze(fake.world(), LIFT)
        await watch.ask()
        assert watch.current() is None

    run(scene())
