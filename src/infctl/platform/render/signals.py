"""The PromQL of the signals that autoscaling and alerts look at, in one place."""

from infctl.platform.model import Platform
from infctl.platform.units import format_duration

_INGRESS = 'envoy_http_conn_manager_prefix="ingress"'
_FAILED = f'{_INGRESS},envoy_response_code_class="5"'


def queue(platform: Platform) -> str:
    """Requests that wait, over all pods of the region."""
    return f'sum(infctl_queue_depth{{namespace="{platform.service.name}"}})'


def p99(window: float) -> str:
    """The 99th percentile of the gateway's answers, in milliseconds."""
    rate = f"rate(envoy_http_downstream_rq_time_bucket{{{_INGRESS}}}[{format_duration(window)}])"
    return f"histogram_quantile(0.99, sum by (le) ({rate}))"


def error_ratio(window: float) -> str:
    """Failed over all requests at the gateway (0..1)."""
    span = format_duration(window)
    failed = f"sum(rate(envoy_http_downstream_rq_xx{{{_FAILED}}}[{span}]))"
    return f"({failed} or vector(0)) / {_requests(span)}"


def slow_ratio(ceiling: float, window: float) -> str:
    """Requests slower than the ceiling (seconds) over all requests (0..1)."""
    span = format_duration(window)
    bucket = f'envoy_http_downstream_rq_time_bucket{{{_INGRESS},le="{ceiling * 1000:g}"}}'
    counted = f"sum(rate(envoy_http_downstream_rq_time_count{{{_INGRESS}}}[{span}]))"
    return f"1 - sum(rate({bucket}[{span}])) / {counted}"


def _requests(span: str) -> str:
    return f"sum(rate(envoy_http_downstream_rq_completed{{{_INGRESS}}}[{span}]))"
