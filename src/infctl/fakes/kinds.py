"""The kinds that a fake cluster knows unless told otherwise: what infctl renders and reads."""

from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, GATEWAY, NAMESPACE, POD, Kind

POLICY = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
POLICY_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
CLUSTER_WIDE = frozenset(
    {
        NAMESPACE,
        POLICY,
        POLICY_BINDING,
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
    GATEWAY,
    POD,
    Kind("v1", "Secret"),
    Kind("v1", "Service"),
    Kind("v1", "ServiceAccount"),
    Kind("apps/v1", "ReplicaSet"),
    LEASE,
    Kind("discovery.k8s.io/v1", "EndpointSlice"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    DISRUPTION_BUDGET,
    HTTP_ROUTE,
    Kind("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy"),
    SCALED_OBJECT,
    Kind("monitoring.coreos.com/v1", "PrometheusRule"),
    Kind("monitoring.coreos.com/v1", "ServiceMonitor"),
}
