from collections.abc import Callable
from pathlib import Path

import pytest

from infctl.errors import ConfigurationError
from infctl.platform import Platform, lint, load

Write = Callable[..., Path]


def test_a_loaded_platform_has_seconds_and_shares(platform: Platform) -> None:
    assert platform.traffic.ttl == 20.0
    assert platform.service.sla.latency_p99 == 0.25
    assert platform.service.sla.availability == 0.999
    assert platform.objectives.availability.window == 30 * 86400
    assert platform.server.requests.cpu == "250m"
    assert platform.environment == "lab"
    assert platform.environment_class == "sim"


def test_keepers_of_a_switch_are_all_other_regions(platform: Platform) -> None:
    assert platform.keepers("eu-west-1") == ("us-east-1", "ap-south-1")


def test_an_unknown_region_is_answered_with_the_nearest(platform: Platform) -> None:
    with pytest.raises(ConfigurationError) as caught:
        platform.region("eu-wset-1")
    assert "eu-west-1" in caught.value.hint


def test_norway_stays_a_country(write: Write) -> None:
    path = write(("country: IE", "country: NO"))
    assert load(path).region("eu-west-1").country == "NO"


def test_an_overlay_changes_only_what_it_names(write: Write) -> None:
    path = write()
    assert load(path, "prod").autoscaling.min_replicas == 3
    assert load(path, "prod").autoscaling.target_queue == load(path).autoscaling.target_queue
    assert load(path, "prod").environment_class == "prod"


def test_an_overlay_merges_lists_of_named_things_by_name(write: Write) -> None:
    overlay = "lab: {class: sim, regions: [{name: eu-west-1, weight: 7}]}"
    loaded = load(write(("lab: {class: sim}", overlay)))
    assert [region.weight for region in loaded.regions] == [100, 7, 100]
    assert loaded.region("eu-west-1").country == "IE"


def test_an_unknown_environment_is_answered_with_the_nearest(write: Write) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(write(), "prodd")
    assert caught.value.hint == "did you mean prod?"


PLACES = [
    ("timeout: 2s", "timeuot: 2s", "unknown key `timeuot`; did you mean timeout?"),
    ("service_time: 20ms", "service_tme: 20ms", "did you mean service_time?"),
    ("weight: 100}", "wieght: 100}", "did you mean weight?"),
    ("ttl: 20s", "ttl: 20", "not a duration"),
    ("ttl: 20s", "ttl: 1500ms", "multiple of 1"),
    ("port: 8080", "port: '8080'", "valid integer"),
    ("port: 8080", "port: 99999", "65535"),
    ("availability: 99.9%", "availability: 120%", "not between 0% and 100%"),
    ("cpu: 250m", "cpu: 250x", "not a quantity"),
    ("name: us-east-1", "name: US-East-1", "not a name"),
    ("weight: 100}", "weight: 256}", "less than or equal to 255"),
    ("country: US", "country: usa", "should match pattern"),
    ("owner: team-inference", "owner: ''", "at least 1"),
    ("class: sim", "class: simulation", "'sim', 'staging' or 'prod'"),
    ("default_environment: lab", "default_environment: lba", "not among environments"),
    ("interval: 10s, failure_threshold: 3", "interval: 20s, failure_threshold: 3", "10s or 30s"),
    ("failure_threshold: 3", "failure_threshold: 11", "less than or equal to 10"),
    ("rto: 90s", "rto: 51s", "52s = interval 10s x threshold 3 + TTL 20s + timeout 2s"),
    ("timeout: 2s", "timeout: 100ms", "within the SLA's ceiling of 250ms"),
    ("name: eu-west-1", " name: us-east-1", "here twice"),
    ("host: vision.infctl.test", "host: vision.example.org", "not in the zone"),
    ("default_environment: lab", "default_environment: prod", "production is never the default"),
    ("min_regions_on: 1", "min_regions_on: 3", "none could fail over"),
    ("min_replicas: 2", "min_replicas: 9", "above max_replicas 6"),
    ("cpu: 250m", "cpu: 250000", "did you mean m"),
    ("timeout: 240s", "timeout: 60s", "ends before a recovery is seen"),
    ("{class: sim}", "{class: sim, default_environment: lab}", "cannot differ by environment"),
    ("{class: sim}", "{class: sim, traffic: {tll: 1s}}", "did you mean ttl?"),
    ('image: "infctl.dev/mlserver-onnx@', 'image: "infctl.dev/mlserver-onnx:', "match pattern"),
]


@pytest.mark.parametrize(("old", "new", "message"), PLACES)
def test_a_mistake_is_named_with_its_line(write: Write, old: str, new: str, message: str) -> None:
    path = write((old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    line = path.read_text().split(new)[0].count("\n") + 1
    assert message in caught.value.what
    assert any(p.line == line and message in p.message for p in lint(path)), caught.value.what


def test_lint_finds_every_problem_at_once_in_the_order_of_the_file(write: Write) -> None:
    path = write(("port: 8080", "port: 0"), ("ttl: 20s", "ttl: 20"), ("rate: 60", "rtae: 60"))
    found = lint(path)
    assert len(found) == 3
    assert [p.line for p in found] == sorted(p.line for p in found)


def test_lint_finds_problems_of_environments_that_are_not_the_default(write: Write) -> None:
    path = write(("min_replicas: 3, max_replicas: 12", "min_replicas: 3, max_replicas: 2"))
    assert load(path)
    assert [p.message for p in lint(path)] == ["above max_replicas 2"]


def test_a_recovery_objective_below_the_bound_of_an_overlay_is_refused(write: Write) -> None:
    overlay = "lab: {class: sim, traffic: {health_check: {interval: 30s}}}"
    found = lint(write(("lab: {class: sim}", overlay)))
    assert ["1m52s" in p.message for p in found] == [True]


def test_one_region_cannot_keep_its_own_switch(write: Write) -> None:
    path = write()
    lines = [
        r for r in path.read_text().splitlines() if "eu-west-1" not in r and "ap-south" not in r
    ]
    path.write_text("\n".join(lines))
    assert any("at least two regions" in p.message for p in lint(path))


def test_two_environments_may_share_an_overlay(write: Write) -> None:
    blue = load(write(), "prod", environment="blue")
    assert (blue.environment, blue.overlay, blue.environment_class) == ("blue", "prod", "prod")
    assert blue.autoscaling.max_replicas == 12
    assert load(write()).environment == "lab"
