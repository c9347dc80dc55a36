"""Where S3 replication copies an object to, by the rules of its bucket. Pure.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_ARN = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True)
class Subject:
    """A version to copy: an object, or a delete marker (which has no tags and no encryption)."""

    key: str
    tags: Mapping[str, str] = field(default_factory=dict)
    is_marker: bool = False
    by_kms: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a bucket's replication configuration. `storage` is empty where it stays."""

    name: str
    target: str
    priority: int = 0
    enabled: bool = True
    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    markers: bool = False
    by_kms: bool = False
    kms_key: str = ""
    storage: str = ""

    def covers(self, subject: Subject) -> bool:
        """Whether the rule selects a version."""
        if not self.enabled or not subject.key.startswith(self.prefix):
            return False
        if subject.is_marker:
            return self.markers and not self.tags
        if subject.by_kms and not self.by_kms:
            return False
        return all(subject.tags.get(name) == value for name, value in self.tags)


def select(rules: Sequence[Rule], subject: Subject) -> list[Rule]:
    """One rule for each destination: of those that cover the version, the highest priority."""
    found: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if rule.covers(subject):
            found[rule.target] = rule
    return list(found.values())


def read(configuration: Mapping[str, Any]) -> list[Rule]:
    """The rules of a ReplicationConfiguration as XML has it; ValueError says what is wrong."""
    given = configuration.get("Rule") or ()
    rules = [_read_rule(item) for item in ([given] if isinstance(given, Mapping) else given)]
    if not rules:
        raise ValueError("a replication configuration needs at least one rule")
    if len({rule.name for rule in rules if rule.name}) < len([rule for rule in rules if rule.name]):
        raise ValueError("rule IDs must be unique")
    return rules


def _read_rule(item: Mapping[str, Any]) -> Rule:
    target = str(_at(item, "Destination", "Bucket") or "")
    if not target.startswith(_ARN):
        raise ValueError(f"Destination bucket is no ARN of a bucket: '{target[:80]}'")
    if item.get("Status") not in ("Enabled", "Disabled"):
        raise ValueError("Status must be Enabled or Disabled")
    # Without a Filter it is a rule of the first version, which copies delete markers as well.
    first = "Filter" not in item
    where = item.get("Filter") or {}
    both = where.get("And") or where
    tags = both.get("Tag") or ()
    return Rule(
        name=str(item.get("ID") or ""),
        target=target.removeprefix(_ARN),
        priority=int(item.get("Priority") or 0),
        enabled=item["Status"] == "Enabled",
        prefix=str((item if first else both).get("Prefix") or ""),
        tags=_read_tags([tags] if isinstance(tags, Mapping) else tags),
        markers=first or _at(item, "DeleteMarkerReplication", "Status") == "Enabled",
        by_kms=_at(item, "SourceSelectionCriteria", "SseKmsEncryptedObjects", "Status")
        == "Enabled",
        kms_key=str(_at(item, "Destination", "EncryptionConfiguration", "ReplicaKmsKeyID") or ""),
        storage=str(_at(item, "Destination", "StorageClass") or ""),
    )


def _read_tags(items: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(tag.get("Key") or ""), str(tag.get("Value") or "")) for tag in items)


def _at(item: Mapping[str, Any], *path: str) -> Any:
    found: Any = item
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
