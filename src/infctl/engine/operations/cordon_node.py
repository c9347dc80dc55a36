"""cordon_node: close a node to new pods; those on it stay."""

from infctl.engine.nodes import NodeOperation


class CordonNode(NodeOperation):
    """Args: region, name; optional: uid."""

    kind = "cordon_node"
    closes = True
    opposite = "uncordon_node"
