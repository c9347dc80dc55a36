"""What a region's Prometheus scrapes, as its configuration file. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infctl.lab import addresses
from infctl.lab.prometheus.objects import Job
from infctl.lab.spec import Lab, Region

GATEWAY_SERIES = (
    "envoy_http_downstream_rq_completed|envoy_http_downstream_rq_xx"
    "|envoy_http_downstream_rq_time_bucket|envoy_http_downstream_rq_time_count"
    "|envoy_http_downstream_rq_time_sum|envoy_http_downstream_cx_active"
    "|envoy_cluster_membership_healthy|envoy_cluster_membership_total"
    "|envoy_cluster_upstream_rq_xx|envoy_server_live"
)
"""What infctl reads of Envoy's hundreds of series; a lab scrapes every two seconds."""
POD_SERIES = "infctl_.*|model_infer_request_.*|rest_server_requests_total|process_.*_bytes"


def make_configuration(
    lab: Lab,
    region: Region,
    targets: Path,
    *,
    jobs: Sequence[tuple[Job, Path]] = (),
    rules: Sequence[Path] = (),
) -> dict[str, Any]:
    """The file's content as plain values.

    `targets` is the file that names the pods which no monitor names; `jobs` are those of monitors,
    each with the file of its targets; `rules` are the files of rules.
    """
    interval = f"{round(lab.timings.scrape_interval * 1000)}ms"
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": "5s",
            "external_labels": {"region": region.name},
        },
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            _gateway(lab, region),
            _cache(lab, region),
            _pods(targets),
            *({**job.configuration, "file_sd_configs": [_watched(path)]} for job, path in jobs),
        ],
    }


def _gateway(lab: Lab, region: Region) -> dict[str, Any]:
    admin = f"{lab.inner(region, 'gateway')}:{addresses.ENVOY_ADMIN_PORT}"
    return {
        "job_name": "gateway",
        "metrics_path": "/stats/prometheus",
        "static_configs": [{"targets": [admin]}],
        "metric_relabel_configs": [_keep(GATEWAY_SERIES)],
    }


def _cache(lab: Lab, region: Region) -> dict[str, Any]:
    """Hits and misses of the response cache, as its accounting tells them."""
    address = f"{lab.inner(region, 'cache')}:{addresses.CACHE_METRICS_PORT}"
    return {"job_name": "cache", "static_configs": [{"targets": [address]}]}


def _pods(targets: Path) -> dict[str, Any]:
    """Pods that infctl deployed and no monitor scrapes, as `targets.py` finds them."""
    return {
        "job_name": "server",
        "file_sd_configs": [_watched(targets)],
        "metric_relabel_configs": [_keep(POD_SERIES)],
    }


def _watched(path: Path) -> dict[str, Any]:
    """Changes are seen at once; the interval is for those that were missed."""
    return {"files": [str(path)], "refresh_interval": "10s"}


def _keep(series: str) -> dict[str, Any]:
    return {"source_labels": ["__name__"], "regex": series, "action": "keep"}
