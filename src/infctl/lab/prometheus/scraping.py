"""Endpoints of monitors as Prometheus' scrape configurations, without their targets. Pure."""

import re
from typing import Any

from infctl.lab.following import Object
from infctl.lab.prometheus.objects import Unserved, refuse_others

MANAGER_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "infctl"
ONLY_LOOPBACK = {
    "source_labels": ["__address__"],
    "regex": r"(127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?",
    "action": "keep",
}
"""The last word of every job: no relabelling makes the lab scrape another machine."""

_LONGEST_TIMEOUT = 10.0
_LIMITS = {
    "sampleLimit": "sample_limit",
    "targetLimit": "target_limit",
    "labelLimit": "label_limit",
    "labelNameLengthLimit": "label_name_length_limit",
    "labelValueLengthLimit": "label_value_length_limit",
}
_PASSED = {
    "path": "metrics_path",
    "params": "params",
    "honorLabels": "honor_labels",
    "honorTimestamps": "honor_timestamps",
    "followRedirects": "follow_redirects",
    "enableHttp2": "enable_http2",
}
_SERVED = frozenset(
    {
        *_PASSED,
        *("port", "targetPort", "portNumber", "interval", "scrapeTimeout", "scheme", "tlsConfig"),
        *("relabelings", "metricRelabelings", "filterRunning"),
    }
)
_RELABELING = {
    "sourceLabels": "source_labels",
    "separator": "separator",
    "targetLabel": "target_label",
    "regex": "regex",
    "modulus": "modulus",
    "replacement": "replacement",
    "action": "action",
}
_MONITOR = frozenset({"selector", "namespaceSelector", "jobLabel", "podTargetLabels", *_LIMITS})
SERVICE_MONITOR = _MONITOR | {"endpoints", "targetLabels"}
POD_MONITOR = _MONITOR | {"podMetricsEndpoints"}
_TLS = frozenset({"insecureSkipVerify", "serverName"})
_UNITS = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_DURATION = re.compile(r"(\d+)(ms|[ywdhms])")


def make_job(name: str, endpoint: Object, monitor: Object, lab_interval: float) -> Object:
    """The scrape configuration of an endpoint; Unserved where a field is not served here.

    What infctl itself deployed is scraped at least every `lab_interval` seconds.
    """
    refuse_others(endpoint, _SERVED, "endpoint: ")
    interval = _interval(endpoint, monitor, lab_interval)
    made: Object = {
        "job_name": name,
        "scrape_interval": _text(interval),
        "scrape_timeout": endpoint.get("scrapeTimeout") or _text(min(interval, _LONGEST_TIMEOUT)),
        "scheme": str(endpoint.get("scheme", "http")).lower(),
        "relabel_configs": [*_relabelings(endpoint, "relabelings"), ONLY_LOOPBACK],
        "metric_relabel_configs": _relabelings(endpoint, "metricRelabelings"),
    }
    made |= {to: endpoint[given] for given, to in _PASSED.items() if given in endpoint}
    made |= {
        to: monitor["spec"][given] for given, to in _LIMITS.items() if given in monitor["spec"]
    }
    if tls := endpoint.get("tlsConfig"):
        made["tls_config"] = _tls(tls)
    return made


def seconds(text: str) -> float:
    """A duration as Prometheus writes it, such as `1m30s`."""
    return sum(int(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def _interval(endpoint: Object, monitor: Object, lab_interval: float) -> float:
    asked = seconds(endpoint.get("interval") or "") or lab_interval
    labels = monitor["metadata"].get("labels") or {}
    return min(asked, lab_interval) if labels.get(MANAGER_LABEL) == MANAGER else asked


def _text(interval: float) -> str:
    return f"{round(interval * 1000)}ms"


def _relabelings(endpoint: Object, field: str) -> list[Object]:
    return [_relabeling(item, field) for item in endpoint.get(field) or []]


def _relabeling(item: dict[str, Any], field: str) -> Object:
    refuse_others(item, frozenset(_RELABELING), f"{field}: ")
    made = {_RELABELING[name]: value for name, value in item.items()}
    if "action" in made:
        made["action"] = str(made["action"]).lower()
    return made


def _tls(given: Object) -> Object:
    if not isinstance(given, dict):
        raise Unserved("tlsConfig is no object")
    refuse_others(given, _TLS, "tlsConfig: ")
    names = {"insecureSkipVerify": "insecure_skip_verify", "serverName": "server_name"}
    return {names[name]: value for name, value in given.items()}
