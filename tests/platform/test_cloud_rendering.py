from infctl.platform import Platform
from infctl.platform.render.cloud import (
    Store,
    default_store,
    render_artifacts,
    render_buckets,
    render_zone,
)

GATEWAYS = {"us-east-1": "192.0.2.1", "eu-west-1": "192.0.2.2", "ap-south-1": "192.0.2.3"}
STORES = {name: Store("192.0.2.9", 4566, tls=False) for name in GATEWAYS}


def test_every_region_has_a_weighted_record_behind_its_calculated_check(platform: Platform) -> None:
    zone = render_zone(platform, GATEWAYS, STORES)
    assert [r.set_identifier for r in zone.records] == list(GATEWAYS)
    for record in zone.records:
        assert (record.weight, record.ttl) == (100, 20)
        assert record.values == (GATEWAYS[record.set_identifier],)
        assert record.health_check == f"vision-{record.set_identifier}"


def test_children_come_before_the_check_that_counts_them(platform: Platform) -> None:
    seen: set[str] = set()
    for check in render_zone(platform, GATEWAYS, STORES).checks:
        assert set(check.config.get("ChildHealthChecks", ())) <= seen
        seen.add(check.name)


def test_a_switch_is_read_at_every_other_region_and_inverted(platform: Platform) -> None:
    checks = {c.name: c.config for c in render_zone(platform, GATEWAYS, STORES).checks}
    assert checks["vision-eu-west-1"]["ChildHealthChecks"] == [
        "vision-eu-west-1-endpoint",
        "vision-eu-west-1-switch-us-east-1",
        "vision-eu-west-1-switch-ap-south-1",
    ]
    assert checks["vision-eu-west-1"]["HealthThreshold"] == 3
    switch = checks["vision-eu-west-1-switch-us-east-1"]
    assert switch["Inverted"] is True
    assert switch["ResourcePath"] == "/vision-switches-us-east-1/off/eu-west-1"
    assert (switch["IPAddress"], switch["Port"], switch["Type"]) == ("192.0.2.9", 4566, "HTTP")
    assert switch["FailureThreshold"] == 1


def test_without_an_endpoint_the_switch_is_read_at_aws(platform: Platform) -> None:
    checks = {c.name: c.config for c in render_zone(platform, GATEWAYS, {}).checks}
    switch = checks["vision-eu-west-1-switch-us-east-1"]
    assert switch["FullyQualifiedDomainName"] == default_store("us-east-1").host
    assert (switch["Type"], switch["EnableSNI"]) == ("HTTPS", True)


def test_a_region_without_an_address_has_no_record_yet(platform: Platform) -> None:
    zone = render_zone(platform, {"eu-west-1": "192.0.2.2"}, STORES)
    assert [r.set_identifier for r in zone.records] == ["eu-west-1"]
    assert all(c.name.startswith("vision-eu-west-1") for c in zone.checks)


def test_only_the_switches_can_be_read_by_everybody(platform: Platform) -> None:
    buckets = {b.name: b.public for b in render_buckets(platform, "eu-west-1")}
    assert buckets == {"vision-models-eu-west-1": False, "vision-switches-eu-west-1": True}


def test_a_model_s_manifest_goes_beside_it(platform: Platform) -> None:
    keys = [a.key for a in render_artifacts(platform)]
    assert "models/digits/v1/model.onnx" in keys
    assert "models/digits/v1/manifest.json" in keys
