"""Route 53's XML into records."""

import pytest

from infctl.lab.dns import reading
from infctl.lab.dns.records import Alias

SPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
SETS = f"""<?xml version="1.0"?>
<ListResourceRecordSetsResponse {SPACE}><ResourceRecordSets>
<ResourceRecordSet><Name>Infctl.Test.</Name><Type>SOA</Type><TTL>900</TTL><ResourceRecords>
<ResourceRecord><Value>{{'Value': 'ns. host. 1 2 3 4 5'}}</Value></ResourceRecord>
</ResourceRecords></ResourceRecordSet>
<ResourceRecordSet><Name>\\052.infctl.test.</Name><Type>A</Type><SetIdentifier>eu</SetIdentifier>
<Weight>0</Weight><TTL>20</TTL><ResourceRecords><ResourceRecord><Value>127.0.2.2</Value>
</ResourceRecord></ResourceRecords><HealthCheckId>h1</HealthCheckId></ResourceRecordSet>
<ResourceRecordSet><Name>p.infctl.test</Name><Type>A</Type><SetIdentifier>p</SetIdentifier>
<Failover>PRIMARY</Failover><TTL>20</TTL></ResourceRecordSet>
<ResourceRecordSet><Name>alias.infctl.test.</Name><Type>A</Type><AliasTarget>
<HostedZoneId>Z1</HostedZoneId><EvaluateTargetHealth>true</EvaluateTargetHealth>
<DNSName>p.infctl.test.</DNSName></AliasTarget></ResourceRecordSet>
</ResourceRecordSets></ListResourceRecordSetsResponse>"""
CHECKS = f"""<ListHealthChecksResponse {SPACE}><HealthChecks><HealthCheck><Id>h1</Id>
<HealthCheckConfig><IPAddress>127.0.1.2</IPAddress><Port>8080</Port><Type>HTTP</Type>
<ResourcePath>ready</ResourcePath><RequestInterval>10</RequestInterval>
<FailureThreshold>1</FailureThreshold><Inverted>true</Inverted><Disabled>false</Disabled>
</HealthCheckConfig></HealthCheck><HealthCheck><Id>c1</Id><HealthCheckConfig>
<Type>CALCULATED</Type><HealthThreshold>2</HealthThreshold><ChildHealthChecks>
<ChildHealthCheck>h1</ChildHealthCheck><ChildHealthCheck>h2</ChildHealthCheck>
</ChildHealthChecks></HealthCheckConfig></HealthCheck><HealthCheck><Id>d1</Id>
<HealthCheckConfig><Type>HTTPS</Type></HealthCheckConfig></HealthCheck></HealthChecks>
</ListHealthChecksResponse>"""


def test_record_sets_are_read_with_their_policy() -> None:
    soa, wild, primary, alias = reading.read_record_sets(reading.parse(SETS))
    assert (soa.name, soa.values) == ("infctl.test.", ("ns. host. 1 2 3 4 5",))
    assert (wild.name, wild.policy, wild.weight, wild.identifier) == (
        "*.infctl.test.",
        "weighted",
        0,
        "eu",
    )
    assert wild.health_check == "h1"
    assert (primary.name, primary.policy, primary.failover) == (
        "p.infctl.test.",
        "failover",
        "PRIMARY",
    )
    assert (alias.policy, alias.values) == ("simple", ())
    assert alias.alias == Alias("p.infctl.test.", "Z1", evaluates=True)


def test_health_checks_are_read_with_the_defaults() -> None:
    endpoint, calculated, bare = reading.read_checks(reading.parse(CHECKS))
    assert (endpoint.address, endpoint.port, endpoint.path) == ("127.0.1.2", 8080, "/ready")
    assert (endpoint.interval, endpoint.threshold, endpoint.inverted) == (10, 1, True)
    assert (calculated.children, calculated.health_threshold) == (("h1", "h2"), 2)
    assert (bare.port, bare.interval, bare.threshold, bare.sni) == (443, 30, 3, True)


def test_names_between_a_record_and_its_zone_exist() -> None:
    sets = list(reading.read_record_sets(reading.parse(SETS)))
    zone = reading.build_zone("Z", "infctl.test.", sets)
    assert zone.names == {
        "infctl.test.",
        "*.infctl.test.",
        "p.infctl.test.",
        "alias.infctl.test.",
    }


def test_what_is_not_xml_is_said() -> None:
    with pytest.raises(ValueError, match="not XML"):
        reading.parse("<html><p>")
