"""Operations on clusters: shares that are enough, budgets, weights, and conditions over time."""

from typing import Any

import pytest
from one_run import one_run
from subjects import HOST, PLACE, REGION, SPACE, ZONE, build, cluster_of, pod

from infctl.engine import conditions
from infctl.engine.operations import find
from infctl.engine.operations.set_region_weight import judge_answers
from infctl.errors import ConfigurationError, Unreachable
from infctl.fakes.cluster import FakeCluster
from infctl.fakes.endpoint import Mood
from infctl.model.outcome import Word
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cloud import Record
from infctl.ports.cluster import DEPLOYMENT, DISRUPTION_BUDGET, HTTP_ROUTE, NODE, POD


@pytest.mark.parametrize(
    ("percent", "state"),
    [(None, RunState.FAILED), (100, RunState.FAILED), (75, RunState.COMPLETED)],
)
async def test_b22_eighty_of_a_hundred_ready_hold_at_100_percent_and_go_on_at_75(
    percent: int | None, state: RunState
) -> None:
    fakes = await build()
    cluster = cluster_of(fakes)

    def short_of_devices(found: dict[str, Any]) -> None:
        if found["kind"] == "Deployment":
            ready = min(80, found["spec"]["replicas"])
            generation = found["metadata"]["generation"]
            found["status"] = {"readyReplicas": ready, "observedGeneration": generation}

    cluster.controllers.append(short_of_devices)
    args = {**PLACE, "name": "web", "replicas": 100}
    args |= {} if percent is None else {"min_percent": percent}
    run = one_run(Operation("scale_deployment", args, region=REGION), fakes=fakes, timeout=3.0)
    reached, _ = await run.carry()
    assert (reached is RunState.COMPLETED) == (state is RunState.COMPLETED)
    assert "80 of 100" in " ".join(run.step().evidence)


async def test_a_budget_keeps_a_drain_waiting_no_longer_than_its_patience() -> None:
    fakes = await build()
    cluster = cluster_of(fakes)
    await cluster.apply_as(
        "people",
        {
            "apiVersion": DISRUPTION_BUDGET.api_version,
            "kind": DISRUPTION_BUDGET.kind,
            "metadata": {"name": "web", "namespace": SPACE},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        },
    )
    args = {"region": REGION, "name": "node-1", "patience": 10}
    run = one_run(Operation("drain_node", args, region=REGION), fakes=fakes)
    begun = fakes.clock.now
    await run.carry()
    assert "budgets forbid" in run.step().evidence[0]
    assert 10 <= fakes.clock.now - begun < 20
    # One could go; the other one runs on, and the node is closed: undo opens it.
    assert [p["metadata"]["name"] for p in await cluster.list(POD)] == ["web-1"]
    assert run.step().undo["kind"] == "uncordon_node"


async def test_a_status_that_is_written_meanwhile_is_no_conflict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fakes = await build()
    real, writes = FakeCluster.apply, iter(range(9))

    async def apply(cluster: FakeCluster, manifest: Any, **named: Any) -> Any:
        # What a controller does between our look and our write.
        status = {"readyReplicas": 1, "observedGeneration": 1, "moment": next(writes)}
        if status["moment"] < 2:
            await cluster.write_status(DEPLOYMENT, "web", SPACE, status)
        return await real(cluster, manifest, **named)

    monkeypatch.setattr(FakeCluster, "apply", apply)
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"paused": True}}
    manifest["metadata"] = {"name": "web", "namespace": SPACE}
    args = {"region": REGION, "manifest": manifest}
    run = one_run(Operation("apply_object", args, region=REGION), fakes=fakes)
    assert (await run.carry())[0] is RunState.COMPLETED, run.step().evidence
    assert next(writes) == 3


async def test_weights_of_backends_that_share_a_name_are_refused() -> None:
    fakes = await build()
    twice = [{"name": "stable", "port": port, "weight": 1} for port in (80, 81)]
    patch = {"spec": {"rules": [{"backendRefs": twice}]}}
    await cluster_of(fakes).merge(HTTP_ROUTE, "web", SPACE, patch)
    args = {**PLACE, "name": "web", "weights": {"stable": 1}}
    run = one_run(Operation("set_route_weights", args, region=REGION), fakes=fakes)
    await run.carry()
    assert "backends of one name" in run.step().evidence[0]


@pytest.mark.parametrize("kind", ["drain_node", "evict_pod", "delete_pod"])
async def test_a_pod_that_nobody_makes_anew_is_left_alone(kind: str) -> None:
    fakes = await build()
    cluster = cluster_of(fakes)
    await cluster.apply_as("people", pod("alone", owner=""))
    args = (
        {"region": REGION, "name": "node-1"} if kind == "drain_node" else {**PLACE, "name": "alone"}
    )
    run = one_run(Operation(kind, args, region=REGION), fakes=fakes)
    await run.carry()
    assert "no controller" in run.step().evidence[0]
    assert len(await cluster.list(POD)) == 3
    node = await cluster.read(NODE, "node-1")
    assert node is not None
    assert not node["spec"].get("unschedulable")


async def test_b28_a_controller_that_lies_is_not_believed() -> None:
    """Accepted stays True from an older generation, while the new weights are not taken up."""
    fakes = await build()
    cluster = cluster_of(fakes)

    def lie(found: dict[str, Any]) -> None:
        if found["kind"] == "HTTPRoute":
            words = [
                {"type": t, "status": "True", "observedGeneration": 1}
                for t in ("Accepted", "ResolvedRefs")
            ]
            found["status"] = {"parents": [{"conditions": words}]}

    cluster.controllers.append(lie)
    args = {**PLACE, "name": "web", "weights": {"stable": 1, "canary": 0}}
    begun = fakes.clock.now
    run = one_run(Operation("set_route_weights", args, region=REGION), fakes=fakes, timeout=20.0)
    assert (await run.carry())[0] is not RunState.COMPLETED
    assert fakes.clock.now - begun <= 30


async def test_backends_that_the_route_does_not_have_are_refused_with_those_it_has() -> None:
    fakes = await build()
    args = {**PLACE, "name": "web", "weights": {"stable": 1}}
    run = one_run(Operation("set_route_weights", args, region=REGION), fakes=fakes)
    before = await cluster_of(fakes).read(HTTP_ROUTE, "web", SPACE)
    await run.carry()
    assert "canary, stable" in run.step().evidence[0]
    assert await cluster_of(fakes).read(HTTP_ROUTE, "web", SPACE) == before


def _records(*weights: int) -> list[Record]:
    return [Record(HOST, "A", f"r{n}", w, 20, (f"192.0.2.{n}",)) for n, w in enumerate(weights, 1)]


@pytest.mark.parametrize(
    ("weights", "seen", "word"),
    [
        ((0, 100), {"192.0.2.2"}, Word.PASSED),
        ((0, 100), {"192.0.2.1", "192.0.2.2"}, Word.FAILED),
        ((100, 100), {"192.0.2.2"}, Word.FAILED),
        ((100, 100), {"192.0.2.1"}, Word.PASSED),
        ((1, 255), {"192.0.2.2"}, Word.PASSED),
        ((0, 0), {"192.0.2.1"}, Word.PASSED),
        ((0, 0), {"192.0.2.2"}, Word.FAILED),
        ((100, 100), set(), Word.FAILED),
    ],
)
def test_answers_are_held_against_the_weights(
    weights: tuple[int, ...], seen: set[str], word: Word
) -> None:
    args = {"region": "r1", "samples": 30}
    assert judge_answers(args, _records(*weights), frozenset(seen)).word is word


@pytest.mark.parametrize(
    "hostile", ["", ".", "a.", ".a", "a..b", "a[b]", "a[b=c", "a b", "a." * 20]
)
def test_a_path_that_is_none_is_refused(hostile: str) -> None:
    assert conditions.path(hostile)


def test_a_path_chooses_items_of_lists() -> None:
    found = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert conditions.value_at(found, "status.conditions[type=Ready].status") == "True"
    assert conditions.value_at(found, "status.conditions[type=Other].status") is None
    assert conditions.judge("x", None, "!=", 3).word is Word.ERRORED
    assert conditions.judge("x", "3", "<", 3).word is Word.ERRORED
    assert conditions.judge("x", True, "==", 1).word is Word.ERRORED


async def test_a_signal_has_to_hold_for_as_long_as_is_asked() -> None:
    fakes = await build()
    metrics = fakes.metrics[REGION]
    args = {"region": REGION, "query": "errors", "op": "<", "bound": 0.1, "for_seconds": 5}
    handler, run = (
        find("wait_until", 1),
        one_run(Operation("wait_until", args, region=REGION), fakes=fakes),
    )

    async def word() -> Word:
        return (await handler.verify(run.context, run.first)).word

    assert await word() is Word.ERRORED  # No data never passes.
    metrics.values["errors"] = 0.01
    assert await word() is Word.FAILED
    fakes.clock.now += 4
    metrics.endpoint.mood = Mood.SILENT
    assert await word() is Word.ERRORED  # And the time starts anew.
    metrics.endpoint.mood = Mood.ANSWERING
    fakes.clock.now += 4
    assert await word() is Word.FAILED
    fakes.clock.now += 5
    assert await word() is Word.PASSED


async def test_an_object_is_waited_for_by_its_field() -> None:
    fakes = await build()
    place = {"api_version": "apps/v1", "kind": "Deployment", "name": "web", "namespace": SPACE}
    wanted = {**place, "path": "status.readyReplicas"}
    args = {"region": REGION, "object": wanted, "op": ">=", "bound": 3}
    run = one_run(Operation("wait_until", args, region=REGION), fakes=fakes, timeout=3.0)
    assert (await run.carry())[0] is not RunState.COMPLETED
    await cluster_of(fakes).merge(DEPLOYMENT, "web", SPACE, {"spec": {"replicas": 3}})
    run = one_run(Operation("wait_until", args, region=REGION), fakes=fakes, timeout=3.0)
    assert (await run.carry())[0] is RunState.COMPLETED


@pytest.mark.parametrize(
    "manifest",
    [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "infctl-system"},
        },
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "infctl-system"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "../a"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "1"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": None},
        {},
    ],
)
def test_secrets_locks_and_fences_are_nothing_that_a_plan_applies(manifest: Any) -> None:
    with pytest.raises(ConfigurationError):
        find("apply_object", 1).check({"region": REGION, "manifest": manifest})


async def test_a_silent_name_service_says_nothing_of_a_weight() -> None:
    fakes = await build()
    args = {"region": REGION, "zone": ZONE, "host": HOST, "weight": 0, "samples": 5}
    run = one_run(Operation("set_region_weight", args, region=REGION), fakes=fakes)
    fakes.names.endpoint.mood = Mood.SILENT
    with pytest.raises(Unreachable):
        await find("set_region_weight", 1).verify(run.context, run.first)
