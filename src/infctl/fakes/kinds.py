"""The kinds that a fake cluster knows unless told otherwise: what infctl renders and reads."""

from infctl.ports.cluster import CONFIG_MAP, DEPLOYMENT, GATEWAY, POD, Kind

NAMESPACE = Kind("v1", "Namespace")
CLUSTER_WIDE = frozenset(
    {
        NAMESPACE,
        Kind("v1", "Node"),
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
    Kind("coordination.k8s.io/v1", "Lease"),
    Kind("discovery.k8s.io/v1", "EndpointSlice"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("policy/v1", "PodDisruptionBudget"),
    Kind("gateway.networking.k8s.io/v1", "HTTPRoute"),
    Kind("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy"),
    Kind("keda.sh/v1alpha1", "ScaledObject"),
    Kind("monitoring.coreos.com/v1", "PrometheusRule"),
    Kind("monitoring.coreos.com/v1", "ServiceMonitor"),
}
