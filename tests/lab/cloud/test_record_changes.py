"""What a batch of Route 53 changes does to a zone."""

from typing import Any

import pytest

from infctl.lab.cloud.record_changes import Refused, State, apply, identity

ZONE = "infctl.test."


def simple(name: str = "a", *values: str, kind: str = "A", ttl: Any = 60) -> dict[str, Any]:
    records = [{"Value": value} for value in values or ("127.0.0.1",)]
    return {"Name": f"{name}.infctl.test", "Type": kind, "TTL": ttl, "ResourceRecords": records}


def weighted(name: str, identifier: str, weight: Any = 1) -> dict[str, Any]:
    return {**simple(name), "SetIdentifier": identifier, "Weight": weight}


def state(*sets: dict[str, Any]) -> State:
    return {identity(found): found for found in sets}


def change(action: str, record_set: dict[str, Any]) -> dict[str, Any]:
    return {"Action": action, "ResourceRecordSet": record_set}


def names(found: State) -> set[tuple[str, str]]:
    return {(key[0].split(".")[0], key[2]) for key in found}


def test_a_delete_takes_only_the_record_set_of_that_name_and_identifier() -> None:
    before = state(weighted("a", "eu"), weighted("a", "us"), weighted("b", "eu"))
    after = apply(before, [change("DELETE", weighted("a", "eu"))], ZONE)
    assert names(after) == {("a", "us"), ("b", "eu")}


def test_changes_are_made_in_their_order() -> None:
    batch = [change("DELETE", simple("a")), change("CREATE", simple("a", "127.0.0.2"))]
    after = apply(state(simple("a")), batch, ZONE)
    assert [found["ResourceRecords"] for found in after.values()] == [[{"Value": "127.0.0.2"}]]


def test_an_upsert_replaces_what_is_there_whatever_its_case() -> None:
    other = {**simple("a", "127.0.0.2"), "Name": "A.Infctl.Test."}
    after = apply(state(simple("a")), [change("UPSERT", other)], ZONE)
    assert len(after) == 1


def test_nothing_of_a_batch_with_a_fault_is_done_and_every_fault_is_told() -> None:
    before = state(simple("a"))
    batch = [change("CREATE", simple("b")), change("CREATE", simple("a"))]
    with pytest.raises(Refused) as refused:
        apply(before, [*batch, change("DELETE", simple("none"))], ZONE)
    assert len(refused.value.faults) == 2
    assert names(before) == {("a", "")}


@pytest.mark.parametrize(
    ("held", "action", "wanted", "fault"),
    [
        (simple("a"), "CREATE", simple("a"), "already exists"),
        (simple("a"), "DELETE", simple("b"), "was not found"),
        (simple("a"), "DELETE", simple("a", ttl=61), "do not match"),
        (simple("a"), "DELETE", simple("a", "127.0.0.9"), "do not match"),
        (weighted("a", "x"), "DELETE", weighted("a", "x", 2), "do not match"),
        (weighted("a", "x"), "DELETE", weighted("a", "x", 0), "do not match"),
        (simple("a"), "REPLACE", simple("a"), "none of CREATE"),
        (simple("a"), "CREATE", {**simple("b"), "Name": "b.other.test"}, "not permitted in zone"),
        (simple("a"), "CREATE", {**simple("b"), "Name": "xinfctl.test"}, "not permitted in zone"),
        (simple("a"), "CREATE", simple("b", ttl=-1), "TTL must be"),
        (simple("a"), "CREATE", simple("b", ttl=2**31), "TTL must be"),
        (simple("a"), "CREATE", simple("b", ttl=None), "exactly one of AliasTarget"),
        (simple("a"), "CREATE", simple("b", "127.0.0.1", "127.0.0.1"), "given twice"),
        (simple("a"), "CREATE", weighted("b", "x", 256), "Weight must be"),
        (simple("a"), "CREATE", {**simple("b"), "Weight": 1}, "SetIdentifier goes with"),
        (simple("a"), "CREATE", {**simple("b"), "SetIdentifier": "x"}, "SetIdentifier goes with"),
        (
            simple("a"),
            "CREATE",
            {**weighted("b", "x"), "Region": "eu-west-1"},
            "only one of Weight, Region",
        ),
        (simple("a"), "CREATE", weighted("a", "x"), "one routing policy"),
        (
            weighted("a", "x"),
            "CREATE",
            {**simple("a"), "SetIdentifier": "y", "Region": "eu-west-1"},
            "one routing policy",
        ),
        (simple("a"), "CREATE", simple("a", "b.infctl.test", kind="CNAME"), "CNAME"),
        (simple("a", "b.infctl.test", kind="CNAME"), "CREATE", simple("a"), "CNAME"),
    ],
)
def test_what_route_53_refuses_is_refused(
    held: dict[str, Any], action: str, wanted: dict[str, Any], fault: str
) -> None:
    with pytest.raises(Refused, match=fault):
        apply(state(held), [change(action, wanted)], ZONE)


def test_a_weight_of_nothing_is_a_weight() -> None:
    after = apply(state(weighted("a", "x")), [change("UPSERT", weighted("a", "x", 0))], ZONE)
    assert apply(after, [change("DELETE", weighted("a", "x", 0))], ZONE) == {}


def test_an_alias_at_the_apex_needs_neither_ttl_nor_values() -> None:
    target = {"HostedZoneId": "Z", "DNSName": "a.infctl.test", "EvaluateTargetHealth": True}
    apex = {"Name": "infctl.test", "Type": "A", "AliasTarget": target}
    after = apply({}, [change("CREATE", apex)], ZONE)
    told = {**apex, "AliasTarget": {**target, "DNSName": "a.infctl.test."}, "TTL": None}
    assert apply(after, [change("DELETE", told)], ZONE) == {}
