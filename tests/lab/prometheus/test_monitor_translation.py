"""Monitors and rules as scrape jobs: every field of theirs, and what is refused."""

import copy
from typing import Any

import pytest

from infctl.lab.prometheus.objects import Objects
from infctl.lab.prometheus.scraping import ONLY_LOOPBACK, seconds
from infctl.lab.prometheus.targets import make_targets
from infctl.lab.prometheus.translation import make_jobs, make_rules

Object = dict[str, Any]
LAB_INTERVAL = 2.0


def monitor(
    spec: Object | None = None, endpoint: Object | None = None, labels: Object | None = None
) -> Object:
    return {
        "metadata": {"namespace": "vision", "name": "web", "uid": "u-1", "labels": labels or {}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "endpoints": [{"port": "metrics", **(endpoint or {})}],
            **(spec or {}),
        },
    }


def pod(phase: str = "Running", labels: Object | None = None) -> Object:
    ports = [{"name": "metrics", "containerPort": 8082}, {"containerPort": 9000}]
    return {
        "metadata": {
            "namespace": "vision",
            "name": "a",
            "uid": "a",
            "labels": {"app": "web", "infctl.dev/track": "stable", **(labels or {})},
        },
        "spec": {"nodeName": "n-1", "containers": [{"name": "server", "ports": ports}]},
        "status": {
            "phase": phase,
            "podIP": "239.16.1.64",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def world(item: Object, namespace: str = "vision", *pods: Object) -> Objects:
    found = pods or (pod(),)
    service = {
        "metadata": {
            "namespace": namespace,
            "name": "web-svc",
            "labels": {"app": "web", "team": "cv", "app.kubernetes.io/name": "vision"},
        }
    }
    slices = {
        "metadata": {
            "namespace": namespace,
            "name": "web-svc-1",
            "labels": {"kubernetes.io/service-name": "web-svc"},
        },
        "ports": [{"name": "metrics", "port": 8082}, {"name": "http", "port": 8080}],
        "endpoints": [
            {
                "addresses": [p["status"]["podIP"]],
                "targetRef": {"kind": "Pod", "name": p["metadata"]["name"]},
            }
            for p in found
        ],
    }
    kind = "pod_monitors" if "podMetricsEndpoints" in item["spec"] else "service_monitors"
    return Objects(
        services={(namespace, "web-svc"): service},
        slices={(namespace, "web-svc-1"): slices},
        pods={(namespace, p["metadata"]["name"]): p for p in found},
        **{kind: {("vision", "web"): item}},
    )


def job_of(item: Object, objects: Objects | None = None) -> Any:
    jobs, refused = make_jobs(objects or world(item), LAB_INTERVAL)
    assert not refused
    (job,) = jobs
    return job


def test_the_addresses_behind_a_service_are_targets_with_the_labels_of_the_operator() -> None:
    job = job_of(monitor({"jobLabel": "app.kubernetes.io/name", "targetLabels": ["team"]}))
    (group,) = job.targets
    shown = {name: v for name, v in group["labels"].items() if not name.startswith("__")}
    assert group["targets"] == ["127.16.1.64:8082"]
    assert shown == {
        "job": "vision",
        "namespace": "vision",
        "service": "web-svc",
        "pod": "a",
        "container": "server",
        "endpoint": "metrics",
        "team": "cv",
    }
    assert group["labels"]["__meta_kubernetes_pod_label_infctl_dev_track"] == "stable"
    assert group["labels"]["__meta_kubernetes_pod_node_name"] == "n-1"
    assert job.configuration["job_name"] == "serviceMonitor/vision/web/0"


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ({}, {"scrape_interval": "2000ms", "scrape_timeout": "2000ms", "scheme": "http"}),
        ({"interval": "1m"}, {"scrape_interval": "60000ms", "scrape_timeout": "10000ms"}),
        ({"interval": "1m", "scrapeTimeout": "20s"}, {"scrape_timeout": "20s"}),
        ({"path": "/m", "scheme": "HTTPS"}, {"metrics_path": "/m", "scheme": "https"}),
        ({"params": {"a": ["1"]}}, {"params": {"a": ["1"]}}),
        ({"honorLabels": True}, {"honor_labels": True}),
        ({"honorTimestamps": False}, {"honor_timestamps": False}),
        (
            {"tlsConfig": {"insecureSkipVerify": True, "serverName": "x"}},
            {"tls_config": {"insecure_skip_verify": True, "server_name": "x"}},
        ),
        (
            {"relabelings": [{"sourceLabels": ["a"], "targetLabel": "b", "action": "Replace"}]},
            {
                "relabel_configs": [
                    {"source_labels": ["a"], "target_label": "b", "action": "replace"},
                    ONLY_LOOPBACK,
                ]
            },
        ),
        (
            {"metricRelabelings": [{"regex": "go_.*", "action": "labeldrop"}]},
            {"metric_relabel_configs": [{"regex": "go_.*", "action": "labeldrop"}]},
        ),
    ],
)
def test_an_endpoint_is_scraped_as_it_says(endpoint: Object, expected: Object) -> None:
    configuration = job_of(monitor(endpoint=endpoint)).configuration
    assert {name: configuration[name] for name in expected} == expected


def test_what_infctl_deployed_is_scraped_as_often_as_the_lab_scrapes() -> None:
    ours = monitor(endpoint={"interval": "15s"}, labels={"app.kubernetes.io/managed-by": "infctl"})
    assert job_of(ours).configuration["scrape_interval"] == "2000ms"
    assert (
        job_of(monitor(endpoint={"interval": "15s"})).configuration["scrape_interval"] == "15000ms"
    )


@pytest.mark.parametrize(
    ("spec", "namespace", "found"),
    [
        ({}, "vision", 1),
        ({}, "other", 0),
        ({"namespaceSelector": {"any": True}}, "other", 1),
        ({"namespaceSelector": {"matchNames": ["other"]}}, "other", 1),
        ({"namespaceSelector": {"matchNames": ["other"]}}, "vision", 0),
        ({"selector": {}}, "vision", 1),
        ({"selector": {"matchLabels": {"app": "else"}}}, "vision", 0),
        ({"selector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, "vision", 1),
        (
            {"selector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}},
            "vision",
            1,
        ),
        (
            {
                "selector": {
                    "matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]
                }
            },
            "vision",
            0,
        ),
        (
            {
                "selector": {
                    "matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]
                }
            },
            "vision",
            1,
        ),
    ],
)
def test_services_are_chosen_by_namespace_and_labels(
    spec: Object, namespace: str, found: int
) -> None:
    item = monitor(spec)
    member = pod()
    member["metadata"]["namespace"] = namespace
    assert len(job_of(item, world(item, namespace, member)).targets) == found


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ({"port": "http"}, ["127.16.1.64:8080"]),
        ({"port": "absent"}, []),
        ({"targetPort": 9000}, ["127.16.1.64:9000"]),
        ({"targetPort": "metrics"}, ["127.16.1.64:8082"]),
    ],
)
def test_a_port_is_that_of_the_service_or_of_the_container(
    endpoint: Object, expected: list[str]
) -> None:
    item = monitor({"endpoints": [endpoint]})
    assert [a for g in job_of(item).targets for a in g["targets"]] == expected


def test_pods_that_are_over_are_no_targets_unless_asked_for() -> None:
    item = monitor()
    assert job_of(item, world(item, "vision", pod("Succeeded"))).targets == []
    all_of_them = monitor(endpoint={"filterRunning": False})
    assert job_of(all_of_them, world(all_of_them, "vision", pod("Failed"))).targets


def test_a_pod_monitor_finds_pods_without_a_service() -> None:
    item = monitor({"podMetricsEndpoints": [{"port": "metrics"}], "podTargetLabels": ["app"]})
    del item["spec"]["endpoints"]
    job = job_of(item)
    (group,) = job.targets
    assert job.configuration["job_name"] == "podMonitor/vision/web/0"
    assert group["targets"] == ["127.16.1.64:8082"]
    assert (group["labels"]["job"], group["labels"]["app"]) == ("vision/web", "web")
    assert "service" not in group["labels"]


@pytest.mark.parametrize(
    ("spec", "endpoint", "reason"),
    [
        ({}, {"basicAuth": {}}, "endpoint: basicAuth is not served in the lab"),
        ({}, {"proxyUrl": "http://x"}, "endpoint: proxyUrl is not served in the lab"),
        ({}, {"tlsConfig": {"caFile": "/x"}}, "tlsConfig: caFile is not served in the lab"),
        ({}, {"relabelings": [{"rgx": "x"}]}, "relabelings: rgx is not served in the lab"),
        ({"attachMetadata": {"node": True}}, {}, "attachMetadata is not served in the lab"),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
            {},
            "selector: 'Like' is no operator of a selector",
        ),
        ({"endpoints": [7]}, {}, "cannot be read"),
    ],
)
def test_a_monitor_that_is_not_served_is_left_out_with_the_reason(
    spec: Object, endpoint: Object, reason: str
) -> None:
    bad = monitor(spec, endpoint)
    objects = world(bad)
    good = copy.deepcopy(monitor())
    good["metadata"] |= {"name": "good", "uid": "u-2"}
    objects.service_monitors["vision", "good"] = good
    jobs, refused = make_jobs(objects, LAB_INTERVAL)
    assert [job.owner["metadata"]["name"] for job in jobs] == ["good"]
    assert [r.reason for r in refused] == [refused[0].reason]
    assert refused[0].reason.startswith(reason)


def rule(**fields: Any) -> Objects:
    group = {"name": "g", "interval": "30s", "rules": [fields]}
    metadata = {"namespace": "vision", "name": "r", "uid": "u-3"}
    return Objects(rules={("vision", "r"): {"metadata": metadata, "spec": {"groups": [group]}}})


def test_rules_are_taken_as_they_are_and_numbers_are_expressions() -> None:
    files, refused = make_rules(rule(alert="Down", expr=1, **{"for": "5m"}, labels={"a": "b"}))
    assert not refused
    expected = {"alert": "Down", "expr": "1", "for": "5m", "labels": {"a": "b"}}
    assert files[0].groups == [{"name": "g", "interval": "30s", "rules": [expected]}]


def test_a_rule_that_cannot_be_read_is_refused() -> None:
    assert "expr" in make_rules(rule(alert="Down"))[1][0].reason
    assert make_rules(rule(expr="1", foo="x"))[1][0].reason == "rules: foo is not served in the lab"


def test_pods_that_a_monitor_scrapes_are_not_scraped_twice() -> None:
    ours = pod(labels={"app.kubernetes.io/managed-by": "infctl"})
    assert make_targets([ours])
    assert make_targets([ours], {"127.16.1.64:8082"}) == []


@pytest.mark.parametrize(
    ("text", "expected"), [("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("", 0), ("0", 0)]
)
def test_durations_are_those_of_prometheus(text: str, expected: float) -> None:
    assert seconds(text) == expected
