"""The signals of a region as PromQL, by name; units are those of `RegionSnapshot`.

Source of the metric names: Envoy's HTTP connection manager statistics
(https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats).
"""

WINDOW_SECONDS = 20

_INGRESS = 'envoy_http_conn_manager_prefix="ingress"'


def expressions(window: int = WINDOW_SECONDS) -> dict[str, str]:
    """The query of each signal over `window` seconds."""
    completed = f"sum(rate(envoy_http_downstream_rq_completed{{{_INGRESS}}}[{window}s]))"
    failed = (
        f'sum(rate(envoy_http_downstream_rq_xx{{{_INGRESS},envoy_response_code_class="5"}}'
        f"[{window}s]))"
    )
    return {
        "requests_per_second": completed,
        "error_ratio": f"({failed} or vector(0)) / ({completed} > 0)",
        "p50": _quantile(0.5, window),
        "p99": _quantile(0.99, window),
        "queue": "sum(infctl_queue_depth)",
        "saturation": "sum(infctl_slots_busy) / sum(infctl_slots)",
    }


def _quantile(share: float, window: int) -> str:
    rates = f"sum by (le) (rate(envoy_http_downstream_rq_time_bucket{{{_INGRESS}}}[{window}s]))"
    return f"histogram_quantile({share}, {rates}) / 1000"
