"""The node agent: one process a region that plays the kubelet of its nodes.

`facts`, `command`, `view`, `status`, `nodes`, `volumes`, `backoff`, `probe_state` and `allocation`
are pure; `records` is what is on disk; `shim` keeps one container beside the agent; `attempt`,
`keeper` and `worker` are a start, a container and a pod at run time; `table`, `heart` and `server`
face the API server; `losses` and `absence` take nodes away. This package itself is light: the
supervisor and `lab down` import it.
"""

from infctl.lab.agent import losses
from infctl.lab.agent.parts import parts, prepare, processes
from infctl.lab.agent.places import node_addresses

__all__ = ["losses", "node_addresses", "parts", "prepare", "processes"]
