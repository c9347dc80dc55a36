"""A region's autoscaler: ScaledObjects as KEDA takes them, and the two metrics APIs.

The arithmetic is the controller manager's own HorizontalPodAutoscaler.
"""

from infctl.lab.autoscaler.parts import parts, prepare

__all__ = ["parts", "prepare"]
