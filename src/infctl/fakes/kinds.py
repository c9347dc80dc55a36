"""The kinds that a fake cluster knows unless told otherwise: what infctl renders and reads."""

from infctl.ports.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    GATEWAY,
    HTTP_ROUTE,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    SCALED_OBJECT,
    Kind,
)

POLICY = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
POLICY_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
SELF_REVIEW = Kind("authentication.k8s.io/v1", "SelfSubjectReview")
"""Stored nowhere: whoever creates one is told who he is."""
CLUSTER_WIDE = frozenset(
    {
        NAMESPACE,
        NODE,
        POLICY,
        POLICY_BINDING,
        Kind("scheduling.k8s.io/v1", "PriorityClass"),
        Kind("gateway.networking.k8s.io/v1", "GatewayClass"),
    }
)
KINDS = CLUSTER_WIDE | {
    CONFIG_MAP,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    GATEWAY,
    HTTP_ROUTE,
    LEASE,
    POD,
    SCALED_OBJECT,
    Kind("v1", "Secret"),
    Kind("v1", "Service"),
    Kind("v1", "ServiceAccount"),
    Kind("apps/v1", "ReplicaSet"),
    Kind("discovery.k8s.io/v1", "EndpointSlice"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy"),
    Kind("monitoring.coreos.com/v1", "PrometheusRule"),
    Kind("monitoring.coreos.com/v1", "ServiceMonitor"),
}
