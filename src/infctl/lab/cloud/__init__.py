"""The lab's cloud: moto, and a small front before it for the global services and for each region.

moto keeps everything in memory: when its process ends, everything is gone. `requests`, `refusals`,
`health_check_rules` and `route53_xml` are pure.
"""

from infctl.lab.cloud.parts import parts

__all__ = ["parts"]
