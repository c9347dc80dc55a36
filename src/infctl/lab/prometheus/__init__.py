"""A region's Prometheus: scrapes that region only, and knows its pods from its API server."""

from infctl.lab.prometheus.parts import parts, prepare

__all__ = ["parts", "prepare"]
