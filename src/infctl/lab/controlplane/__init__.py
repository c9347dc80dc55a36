"""A region's Kubernetes control plane: etcd, API server, controller manager and scheduler."""

from infctl.lab.controlplane.installation import parse_definitions
from infctl.lab.controlplane.parts import parts
from infctl.lab.controlplane.preparation import KUBELET_CLIENT, prepare, write_kubeconfig

__all__ = ["KUBELET_CLIENT", "parse_definitions", "parts", "prepare", "write_kubeconfig"]
