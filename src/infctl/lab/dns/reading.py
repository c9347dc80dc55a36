"""Route 53's XML into records: lists of zones, record sets and health checks."""

import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from infctl.lab.dns.records import Alias, Area, Check, RecordSet, Zone

# moto writes the SOA that it makes for a new zone as the text of a Python dictionary.
_WRAPPED = re.compile(r"\{'Value': '(.*)'\}")

_POLICIES = {
    "Weight": "weighted",
    "Failover": "failover",
    "MultiValueAnswer": "multivalue",
    "Region": "latency",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "CidrRoutingConfig": "cidr",
}


def parse(text: str | bytes) -> Xml.Element:
    """The root of a document, without namespaces; ValueError where it is not XML."""
    try:
        root = Xml.fromstring(text)  # noqa: S314  (only the lab's own cloud is read)
    except Xml.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def full_name(name: str) -> str:
    r"""Lower case, with the last dot; `\052` is how Route 53 writes an asterisk."""
    return name.lower().replace("\\052", "*").rstrip(".") + "."


def read_zones(root: Xml.Element) -> Iterator[tuple[str, str]]:
    """Id and name of each hosted zone in a ListHostedZones answer."""
    for zone in root.iter("HostedZone"):
        yield _text(zone, "Id").rpartition("/")[2], full_name(_text(zone, "Name"))


def read_record_sets(root: Xml.Element) -> Iterator[RecordSet]:
    """The record sets of a ListResourceRecordSets answer."""
    for item in root.iter("ResourceRecordSet"):
        policy = next((p for tag, p in _POLICIES.items() if item.find(tag) is not None), "simple")
        yield RecordSet(
            name=full_name(_text(item, "Name")),
            type=_text(item, "Type"),
            ttl=int(_text(item, "TTL", "0")),
            values=tuple(_value(value.text or "") for value in item.iter("Value")),
            policy=policy,
            identifier=_text(item, "SetIdentifier"),
            weight=int(_text(item, "Weight", "0")),
            failover=_text(item, "Failover"),
            health_check=_text(item, "HealthCheckId"),
            region=_text(item, "Region"),
            area=_area(item.find("GeoLocation")),
            alias=_alias(item.find("AliasTarget")),
        )


def _area(found: Xml.Element | None) -> Area:
    if found is None:
        return Area()
    codes = ("ContinentCode", "CountryCode", "SubdivisionCode")
    return Area(*(_text(found, code).upper() for code in codes))


def _alias(found: Xml.Element | None) -> Alias | None:
    if found is None:
        return None
    zone = _text(found, "HostedZoneId").rpartition("/")[2]
    evaluates = _text(found, "EvaluateTargetHealth").lower() == "true"
    return Alias(full_name(_text(found, "DNSName")), zone, evaluates)


def read_checks(root: Xml.Element) -> Iterator[Check]:
    """The health checks of a ListHealthChecks or GetHealthCheck answer."""
    for item in root.iter("HealthCheck"):
        config = item.find("HealthCheckConfig")
        if config is not None:
            yield read_config(_text(item, "Id"), config)


def read_config(identifier: str, config: Xml.Element) -> Check:
    """A HealthCheckConfig; what it leaves out has Route 53's defaults."""
    kind = _text(config, "Type")
    port = _text(config, "Port", "443" if kind.startswith("HTTPS") else "80")
    path = _text(config, "ResourcePath")
    return Check(
        id=identifier,
        type=kind,
        address=_text(config, "IPAddress"),
        port=int(port),
        path=path if path.startswith("/") else f"/{path}",
        host=_text(config, "FullyQualifiedDomainName"),
        search=_text(config, "SearchString"),
        interval=int(_text(config, "RequestInterval", "30")),
        threshold=int(_text(config, "FailureThreshold", "3")),
        inverted=_text(config, "Inverted") == "true",
        disabled=_text(config, "Disabled") == "true",
        sni=_text(config, "EnableSNI", str(kind.startswith("HTTPS")).lower()) == "true",
        children=tuple(child.text or "" for child in config.iter("ChildHealthCheck")),
        health_threshold=int(_text(config, "HealthThreshold", "0")),
        regions=tuple(region.text or "" for region in config.iter("Region")),
    )


def build_zone(identifier: str, name: str, sets: list[RecordSet]) -> Zone:
    """A zone with its sets grouped and the names that exist in it, also those between."""
    grouped: dict[tuple[str, str], list[RecordSet]] = defaultdict(list)
    names = {name}
    # A page of the list begins where a name does, so what lies across two pages comes twice.
    for item in {(s.name, s.type, s.identifier): s for s in sets}.values():
        grouped[item.name, item.type].append(item)
        between = item.name
        while between.endswith(name) and between not in names:
            names.add(between)
            between = between.partition(".")[2]
    return Zone(identifier, name, {k: tuple(v) for k, v in grouped.items()}, frozenset(names))


def _text(element: Xml.Element, tag: str, default: str = "") -> str:
    return element.findtext(tag) or default


def _value(text: str) -> str:
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[1] if wrapped else text
