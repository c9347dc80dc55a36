"""uncordon_node: open a node to new pods."""

from infctl.engine.nodes import NodeOperation


class UncordonNode(NodeOperation):
    """Args: region, name; optional: uid."""

    kind = "uncordon_node"
    closes = False
    opposite = "cordon_node"
