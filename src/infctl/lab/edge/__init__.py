"""A region's edge proxy, Toxiproxy: what others use of the region passes through it.

Here too is what a fault makes of it; who may inject faults, and for how long, is the supervisor's.
"""

from infctl.lab.edge.parts import parts, prepare

__all__ = ["parts", "prepare"]
