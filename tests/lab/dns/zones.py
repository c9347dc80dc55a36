"""A zone for tests, and a source that holds it."""

from infctl.lab.dns.reading import build_zone
from infctl.lab.dns.records import Catalogue, Check, RecordSet

SOA = ("ns.test. host.test. 1 7200 900 1209600 86400",)
REGIONS = {"us": "127.0.1.2", "eu": "127.0.2.2", "ap": "127.0.3.2"}


def weighted(region: str, weight: int = 100) -> RecordSet:
    return RecordSet(
        "vision.infctl.test.",
        "A",
        20,
        (REGIONS[region],),
        "weighted",
        region,
        weight,
        health_check=f"vision-{region}",
    )


def catalogue(checks: dict[str, Check] | None = None) -> Catalogue:
    name = "infctl.test."
    sets = [
        RecordSet(name, "SOA", 900, SOA),
        RecordSet(name, "NS", 172800, ("ns.test.",)),
        *(weighted(region) for region in REGIONS),
        RecordSet("text.infctl.test.", "TXT", 60, ('"one" "two; three"',)),
        RecordSet("www.infctl.test.", "CNAME", 300, ("vision.infctl.test.",)),
        RecordSet("out.infctl.test.", "CNAME", 300, ("elsewhere.example.",)),
        RecordSet("broken.infctl.test.", "CNAME", 300, ("missing.infctl.test.",)),
        RecordSet("ring.infctl.test.", "CNAME", 300, ("ring.infctl.test.",)),
        RecordSet("deep.below.infctl.test.", "A", 60, ("127.0.0.9",)),
        RecordSet("*.wild.infctl.test.", "A", 60, ("127.0.0.8",)),
        RecordSet("*.infctl.test.", "TXT", 60, ('"any"',)),
        RecordSet("near.infctl.test.", "A", 60, ("127.0.0.7",), "cidr", "x"),
        RecordSet("bad.infctl.test.", "A", 60, ("no address",)),
        RecordSet("many.infctl.test.", "TXT", 60, tuple(f'"{i:0200d}"' for i in range(20))),
    ]
    return Catalogue({name: build_zone("Z1", name, sets)}, checks or {})
