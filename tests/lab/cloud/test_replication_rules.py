"""Which rules copy what."""

from typing import Any

import pytest

from infctl.lab.cloud.replication_rules import Rule, Subject, read, select


def names(rules: list[Rule], subject: Subject) -> list[str]:
    return [rule.name for rule in select(rules, subject)]


def test_of_rules_for_one_destination_the_highest_priority_counts() -> None:
    rules = [Rule("low", "a", 1), Rule("high", "a", 5), Rule("other", "b", 0)]
    assert set(names(rules, Subject("k"))) == {"high", "other"}


@pytest.mark.parametrize(
    ("rule", "subject", "covered"),
    [
        (Rule("r", "a", enabled=False), Subject("k"), False),
        (Rule("r", "a", prefix="models/"), Subject("models/x"), True),
        (Rule("r", "a", prefix="models/"), Subject("other"), False),
        (Rule("r", "a", tags=(("t", "1"),)), Subject("k", {"t": "1", "u": "2"}), True),
        (Rule("r", "a", tags=(("t", "1"),)), Subject("k", {"t": "2"}), False),
        (Rule("r", "a"), Subject("k", is_marker=True), False),
        (Rule("r", "a", markers=True), Subject("k", is_marker=True), True),
        (Rule("r", "a", markers=True, tags=(("t", "1"),)), Subject("k", is_marker=True), False),
        (Rule("r", "a"), Subject("k", by_kms=True), False),
        (Rule("r", "a", by_kms=True), Subject("k", by_kms=True), True),
    ],
)
def test_a_rule_covers_what_its_words_say(rule: Rule, subject: Subject, covered: bool) -> None:
    assert rule.covers(subject) is covered


def given(**more: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::b"}, **more}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"Prefix": "p"}, {"prefix": "p", "markers": True}),
        ({"Filter": {"Prefix": "p"}}, {"prefix": "p"}),
        ({"Filter": None}, {}),
        ({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}, {"tags": (("k", "v"),)}),
        (
            {"Filter": {"And": {"Prefix": "p", "Tag": [{"Key": "k", "Value": "v"}]}}},
            {"prefix": "p", "tags": (("k", "v"),)},
        ),
        ({"Filter": {}, "DeleteMarkerReplication": {"Status": "Enabled"}}, {"markers": True}),
        ({"Filter": {}, "Status": "Disabled", "Priority": "7"}, {"enabled": False, "priority": 7}),
        (
            {
                "Filter": {},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                "Destination": {
                    "Bucket": "arn:aws:s3:::b",
                    "StorageClass": "GLACIER",
                    "EncryptionConfiguration": {"ReplicaKmsKeyID": "key"},
                },
            },
            {"by_kms": True, "kms_key": "key", "storage": "GLACIER"},
        ),
    ],
)
def test_a_rule_is_read_as_the_api_has_it(more: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read({"Rule": given(**more)}) == [Rule("r", "b", **expected)]


@pytest.mark.parametrize(
    ("configuration", "fault"),
    [
        ({}, "at least one rule"),
        ({"Rule": given(Destination={"Bucket": "b"})}, "no ARN of a bucket"),
        ({"Rule": given(Status="On")}, "Enabled or Disabled"),
        ({"Rule": [given(), given()]}, "unique"),
    ],
)
def test_a_configuration_that_is_none_is_refused(configuration: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read(configuration)
