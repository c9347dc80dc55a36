"""The parts of Route 53's XML that the front reads and writes itself. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from infctl.lab.cloud.refusals import ROUTE53_NAMESPACE

_LISTS = ("ChildHealthChecks", "Regions")


def read_config(document: bytes, *, create: bool) -> dict[str, str | list[str]]:
    """HealthCheckConfig of a CreateHealthCheck request, or what an UpdateHealthCheck changes.

    ValueError where it is not XML or holds none.
    """
    root = _parse(document)
    config = root.find(_tag("HealthCheckConfig")) if create else root
    if config is None:
        raise ValueError("HealthCheckConfig is missing")
    return {_name(e): _value(e) for e in config if len(e) or e.text}


def complete_update(change: bytes, current: bytes) -> bytes:
    """An UpdateHealthCheck that says what moto would forget: lists that it leaves out stay.

    `current` is the answer of GetHealthCheck.
    """
    wanted, known = _parse(change), _parse(current)
    for name in _LISTS:
        held = known.find(f".//{_tag(name)}")
        if wanted.find(_tag(name)) is None and held is not None:
            wanted.append(held)
    return Xml.tostring(wanted)


def write_observations(kind: str, observations: Sequence[Mapping[str, Any]]) -> str:
    """GetHealthCheckStatusResponse or GetHealthCheckLastFailureReasonResponse, by `kind`.

    An observation has checker, address, status and checked (ISO 8601).
    """
    root = Xml.Element(kind, xmlns=ROUTE53_NAMESPACE)
    items = Xml.SubElement(root, "HealthCheckObservations")
    for seen in observations:
        item = Xml.SubElement(items, "HealthCheckObservation")
        Xml.SubElement(item, "Region").text = seen["checker"]
        Xml.SubElement(item, "IPAddress").text = seen["address"]
        report = Xml.SubElement(item, "StatusReport")
        Xml.SubElement(report, "Status").text = seen["status"]
        Xml.SubElement(report, "CheckedTime").text = seen["checked"]
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def write_answer(name: str, kind: str, code: str, values: Sequence[str], server: str) -> str:
    """TestDNSAnswerResponse."""
    root = Xml.Element("TestDNSAnswerResponse", xmlns=ROUTE53_NAMESPACE)
    Xml.SubElement(root, "Nameserver").text = server
    Xml.SubElement(root, "RecordName").text = name
    Xml.SubElement(root, "RecordType").text = kind
    data = Xml.SubElement(root, "RecordData")
    for value in values:
        Xml.SubElement(data, "RecordDataEntry").text = value
    Xml.SubElement(root, "ResponseCode").text = code
    Xml.SubElement(root, "Protocol").text = "UDP"
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _parse(document: bytes) -> Xml.Element:
    try:
        return Xml.fromstring(document)  # noqa: S314  (bounded in size by the front)
    except Xml.ParseError as error:
        raise ValueError(f"not XML: {error}") from error


def _value(element: Xml.Element) -> str | list[str]:
    if _name(element) in _LISTS:
        return [child.text or "" for child in element]
    return element.text or ""


def _tag(name: str) -> str:
    return f"{{{ROUTE53_NAMESPACE}}}{name}"


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]
