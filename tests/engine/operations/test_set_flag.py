import json
from typing import Any

import pytest
from one_run import make_namespaces, one_run
from test_push_config import STOPS

from infctl.engine.operations.set_flag import SetFlag
from infctl.errors import ConfigurationError
from infctl.model.plan import Operation
from infctl.model.run import RunState
from infctl.ports.cluster import CONFIG_MAP

REGION = "eu-west-1"
ON = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
OFF = {**ON, "defaultVariant": "off"}


def flag(name: str, definition: Any) -> Operation:
    args = {"region": REGION, "namespace": "vision", "flag": name, "definition": definition}
    return Operation("set_flag", args, region=REGION)


async def flags_of(fakes: Any) -> dict[str, Any]:
    found = await fakes.clusters[REGION].read(CONFIG_MAP, "infctl-flags", "vision")
    return dict(json.loads(found["data"]["flags.json"])["flags"])


async def test_flags_are_set_key_by_key_in_the_form_that_flagd_reads() -> None:
    run = one_run(flag("canary", ON), flag("cache", OFF), flag("canary", OFF))
    await make_namespaces(run.fakes, "vision")
    assert await run.carry() == (RunState.COMPLETED, "")
    assert await flags_of(run.fakes) == {"canary": OFF, "cache": OFF}


async def test_what_is_taken_back_leaves_the_flags_of_others() -> None:
    run = one_run(flag("canary", ON), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    other = {"flags.json": json.dumps({"flags": {"theirs": OFF}})}
    await run.fakes.clusters[REGION].create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "infctl-flags", "namespace": "vision"},
            "data": other,
        }
    )
    state, _ = await run.carry("undo")
    assert state is RunState.ROLLED_BACK
    assert await flags_of(run.fakes) == {"theirs": OFF}


async def _found(fakes: Any) -> Any:
    return await fakes.clusters[REGION].read(CONFIG_MAP, "infctl-flags", "vision")


async def test_a_set_of_flags_that_was_not_there_is_not_there_again() -> None:
    run = one_run(flag("canary", ON), flag("cache", ON), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    assert (await run.carry("undo"))[0] is RunState.ROLLED_BACK
    assert await _found(run.fakes) is None


async def test_an_empty_set_that_was_there_before_stays() -> None:
    run = one_run(flag("canary", ON), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    metadata = {"name": "infctl-flags", "namespace": "vision"}
    empty = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    await run.fakes.clusters[REGION].create({**empty, "data": {"flags.json": '{"flags": {}}'}})
    assert (await run.carry("undo"))[0] is RunState.ROLLED_BACK
    assert await flags_of(run.fakes) == {}


async def test_a_set_to_which_somebody_else_wrote_stays() -> None:
    run = one_run(flag("canary", ON), Operation("ask", STOPS))
    await make_namespaces(run.fakes, "vision")
    cluster = run.fakes.clusters[REGION]

    async def label() -> None:
        if await _found(run.fakes):
            metadata = {"name": "infctl-flags", "namespace": "vision", "labels": {"owner": "them"}}
            await cluster.apply_as(
                "kubectl", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
            )

    run.meanwhile = label
    assert (await run.carry("undo"))[0] is RunState.ROLLED_BACK
    assert (await _found(run.fakes))["metadata"]["labels"] == {"owner": "them"}
    assert await flags_of(run.fakes) == {}


async def test_a_file_that_holds_no_flags_is_left_as_it_is() -> None:
    run = one_run(flag("canary", ON))
    await make_namespaces(run.fakes, "vision")
    await run.fakes.clusters[REGION].create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "infctl-flags", "namespace": "vision"},
            "data": {"flags.json": "[]"},
        }
    )
    state, _ = await run.carry()
    assert state is RunState.FAILED
    assert "holds no set of flags" in run.step().evidence[0]


@pytest.mark.parametrize(
    "definition",
    [
        {},
        [],
        "on",
        {"state": "ON", "variants": {"a": 1}, "defaultVariant": "a"},
        {"state": "ENABLED", "variants": {}, "defaultVariant": "a"},
        {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "b"},
        {"state": "ENABLED", "variants": {"a": 1, "b": True}, "defaultVariant": "a"},
        {**ON, "more": 1},
    ],
)
def test_a_definition_that_would_break_flagd_is_refused(definition: Any) -> None:
    with pytest.raises(ConfigurationError, match="definition"):
        SetFlag().check(flag("canary", definition).args)
