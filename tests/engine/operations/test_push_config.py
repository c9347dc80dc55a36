import pytest
from one_run import make_namespaces, one_run

from infctl.engine.operations.push_config import PushConfig, digest_of
from infctl.errors import ConfigurationError
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import CONFIG_MAP

REGION = "eu-west-1"
NAME = "infctl-config-routing"
STOPS = {
    "question": "go on?",
    "answers": ["yes", "no"],
    "goes_on": ["yes"],
    "safe": "no",
    "deadline": 1,
}


def push(content: str, generation: int = 1, region: str = REGION) -> Operation:
    args = {
        "region": region,
        "namespace": "vision",
        "name": "routing",
        "content": content,
        "digest": digest_of(content),
        "generation": generation,
    }
    return Operation("push_config", args, region=region)


async def test_each_region_gets_it_and_its_digest_is_read_back() -> None:
    run = one_run(*(push("a: 1", region=r) for r in ("eu-west-1", "us-east-1")))
    await make_namespaces(run.fakes, "vision")
    assert await run.carry() == (RunState.COMPLETED, "")
    for region in ("eu-west-1", "us-east-1"):
        found = await run.fakes.clusters[region].read(CONFIG_MAP, NAME, "vision")
        assert found is not None
        assert found["data"]["content"] == "a: 1"
        assert found["data"]["generation"] == "1"


async def test_what_is_taken_back_is_the_generation_from_before() -> None:
    run = one_run(push("a: 1", 1), push("a: 2", 2), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    state, _ = await run.carry("undo")
    assert state is RunState.ROLLED_BACK
    assert await run.fakes.clusters[REGION].read(CONFIG_MAP, NAME, "vision") is None
    undone = [r.undo for r in run.records.written if r.kind == "undo_intent"]
    assert [u["args"].get("content") for u in undone] == ["a: 1", None]


async def test_a_change_of_somebody_else_in_between_stops_the_step_and_stays() -> None:
    run = one_run(push("a: 1"))
    await make_namespaces(run.fakes, "vision")
    theirs = {"content": "theirs", "digest": "?", "generation": "9"}

    async def interfere() -> None:
        await run.fakes.clusters[REGION].create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": NAME, "namespace": "vision"},
                "data": theirs,
            }
        )

    run.meanwhile = interfere
    state, _ = await run.carry()
    assert state is RunState.FAILED
    assert run.step().conflict
    found = await run.fakes.clusters[REGION].read(CONFIG_MAP, NAME, "vision")
    assert found is not None
    assert found["data"] == theirs


def _there(**data: str) -> dict[str, object]:
    metadata = {"name": NAME, "namespace": "vision"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_what_holds_no_generation_is_left_as_it_is() -> None:
    run = one_run(push("a: 1"))
    await make_namespaces(run.fakes, "vision")
    await run.fakes.clusters[REGION].create(_there(theirs="1"))
    assert (await run.carry())[0] is RunState.FAILED
    assert "holds no generation" in run.step().evidence[0]


async def test_what_others_put_beside_it_does_not_go_with_it() -> None:
    run = one_run(push("a: 1"), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    cluster = run.fakes.clusters[REGION]

    async def add() -> None:
        if await cluster.read(CONFIG_MAP, NAME, "vision"):
            await cluster.apply_as("kubectl", _there(theirs="1"))

    run.meanwhile = add
    state, reason = await run.carry("undo")
    assert state is RunState.FAILED
    assert "holds theirs of somebody else" in reason
    assert await cluster.read(CONFIG_MAP, NAME, "vision") is not None


async def test_content_that_arrived_damaged_is_not_taken_for_it() -> None:
    run = one_run(push("a: 1"), timeout=2.0)
    await make_namespaces(run.fakes, "vision")

    def damage(found: dict[str, object]) -> None:
        if found["kind"] == "ConfigMap":
            found["data"] = {**found["data"], "content": "a: 7"}  # type: ignore[dict-item]

    run.fakes.clusters[REGION].controllers.append(damage)
    state, _ = await run.carry()
    assert state is RunState.FAILED
    assert "has sha256:" in "; ".join(run.step().evidence)


def test_a_digest_that_is_not_the_contents_is_refused_before_anything_runs() -> None:
    wrong = {**push("a: 1").args, "content": "a: 2"}
    with pytest.raises(ConfigurationError, match="`digest`"):
        PushConfig().check(wrong)
