"""What a region's Prometheus scrapes, as its configuration file. Pure."""

from pathlib import Path
from typing import Any

from infctl.lab import addresses
from infctl.lab.spec import Lab, Region

POD_METRICS_PORT = 8082
GATEWAY_SERIES = (
    "envoy_http_downstream_rq_completed|envoy_http_downstream_rq_xx"
    "|envoy_http_downstream_rq_time_bucket|envoy_http_downstream_rq_time_count"
    "|envoy_http_downstream_rq_time_sum|envoy_http_downstream_cx_active"
    "|envoy_cluster_membership_healthy|envoy_cluster_membership_total"
    "|envoy_cluster_upstream_rq_xx|envoy_server_live"
)
"""What infctl reads of Envoy's hundreds of series; a lab scrapes every two seconds."""
POD_SERIES = "infctl_.*|model_infer_request_.*|rest_server_requests_total|process_.*_bytes"


def make_configuration(lab: Lab, region: Region, token_file: Path) -> dict[str, Any]:
    """The file's content as plain values; `token_file` is how the API server knows Prometheus."""
    interval = f"{round(lab.timings.scrape_interval * 1000)}ms"
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": "5s",
            "external_labels": {"region": region.name},
        },
        "scrape_configs": [_gateway(lab, region), _pods(lab, region, token_file)],
    }


def _gateway(lab: Lab, region: Region) -> dict[str, Any]:
    admin = f"{lab.inner(region, 'gateway')}:{addresses.ENVOY_ADMIN_PORT}"
    return {
        "job_name": "gateway",
        "metrics_path": "/stats/prometheus",
        "static_configs": [{"targets": [admin]}],
        "metric_relabel_configs": [_keep(GATEWAY_SERIES)],
    }


def _pods(lab: Lab, region: Region, token_file: Path) -> dict[str, Any]:
    """Pods that infctl deployed, by their port named `metrics`."""
    return {
        "job_name": "server",
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "api_server": lab.api_url(region),
                "authorization": {"credentials_file": str(token_file)},
                "tls_config": {"ca_file": str(lab.ca)},
                "selectors": [{"role": "pod", "label": "app.kubernetes.io/managed-by=infctl"}],
            }
        ],
        "relabel_configs": _pod_labels(),
        "metric_relabel_configs": [_keep(POD_SERIES)],
    }


def _pod_labels() -> list[dict[str, Any]]:
    meta = "__meta_kubernetes_"
    return [
        {
            "source_labels": [f"{meta}pod_container_port_name"],
            "regex": "metrics",
            "action": "keep",
        },
        {"source_labels": [f"{meta}pod_phase"], "regex": "Running", "action": "keep"},
        # A pod is known as 239.x.y.z and listens on 127.x.y.z.
        {
            "source_labels": ["__address__"],
            "regex": r"239\.(.+)",
            "target_label": "__address__",
            "replacement": "127.$1",
        },
        {"source_labels": [f"{meta}namespace"], "target_label": "namespace"},
        {"source_labels": [f"{meta}pod_name"], "target_label": "pod"},
        {
            "source_labels": [f"{meta}pod_label_infctl_dev_track"],
            "target_label": "track",
        },
    ]


def _keep(series: str) -> dict[str, Any]:
    return {"source_labels": ["__name__"], "regex": series, "action": "keep"}
