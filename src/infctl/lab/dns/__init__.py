"""The lab's name service: answers the hosted zones as Route 53 would, and checks health.

`records`, `reading`, `places`, `policies`, `choosing`, `answers` and `health` are pure (data in,
decision out); `source`, `probe`, `fleet`, `server` and `admin` touch the network; `service` puts
them together.
"""

from infctl.lab.dns.parts import parts

__all__ = ["parts"]
