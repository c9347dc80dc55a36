"""A region's Prometheus, configured by the monitors and rules of that region alone.

`translation` and what it imports are pure (objects in, jobs and rules out); `controller` watches,
asks promtool, writes and has Prometheus read it.
"""

from infctl.lab.prometheus.parts import parts, prepare

__all__ = ["parts", "prepare"]
