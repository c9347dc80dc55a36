"""A region's gateway: Gateway API objects become Envoy's configuration, through files.

`translation` and what it imports are pure (objects in, resources and conditions out);
`controller` watches and writes. Envoy reads the files by itself.
"""

from infctl.lab.gateway.bootstrap import prepare
from infctl.lab.gateway.parts import parts

__all__ = ["parts", "prepare"]
