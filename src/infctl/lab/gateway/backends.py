"""Services and EndpointSlices as Envoy's clusters and endpoints. Pure."""

from infctl.lab import addresses
from infctl.lab.gateway.objects import Key, Object, Objects, Unsupported

Backend = tuple[str, str, int]
"""Namespace, Service and port."""

SERVICE_LABEL = "kubernetes.io/service-name"
CLUSTER_TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ENDPOINT_TYPE = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"


def resolve(reference: Object, namespace: str, services: dict[Key, Object]) -> Backend:
    """The backend that a backendRef names; Unsupported with the condition's reason otherwise."""
    kind = (reference.get("group", ""), reference.get("kind", "Service"))
    if kind != ("", "Service"):
        raise Unsupported(f"backends of kind {kind[1]} are not served here", "InvalidKind")
    where = reference.get("namespace", namespace)
    if where != namespace:
        raise Unsupported(f"Service {where}/{reference['name']} is elsewhere", "RefNotPermitted")
    service = services.get((where, reference["name"]))
    if service is None:
        raise Unsupported(f"there is no Service {where}/{reference['name']}", "BackendNotFound")
    port = int(reference.get("port", 0))
    if port not in {p["port"] for p in service["spec"].get("ports", [])}:
        raise Unsupported(f"Service {reference['name']} has no port {port}", "BackendNotFound")
    return where, reference["name"], port


def cluster_name(backend: Backend) -> str:
    """The cluster's name, which is seen in Envoy's metrics."""
    return "/".join(map(str, backend))


def make_cluster(backend: Backend, endpoints_source: Object) -> Object:
    """A cluster whose endpoints come by file; values are Envoy's own defaults where they fit."""
    return {
        "@type": CLUSTER_TYPE,
        "name": cluster_name(backend),
        "type": "EDS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "eds_cluster_config": {"eds_config": endpoints_source},
        "circuit_breakers": {
            "thresholds": [
                {"max_connections": 1024, "max_pending_requests": 1024, "max_requests": 1024}
            ]
        },
        "outlier_detection": {
            "consecutive_5xx": 5,
            "interval": "10s",
            "base_ejection_time": "30s",
            "max_ejection_percent": 10,
        },
    }


def make_endpoints(backend: Backend, objects: Objects) -> Object:
    """The ready endpoints of a backend, at the addresses on which pods listen."""
    namespace, name, port = backend
    service = objects.services[namespace, name]
    port_name = next(p.get("name", "") for p in service["spec"]["ports"] if p["port"] == port)
    found = sorted(
        address
        for item in objects.slices.values()
        if item["metadata"].get("namespace") == namespace
        and item["metadata"].get("labels", {}).get(SERVICE_LABEL) == name
        for address in _ready(item, port_name)
    )
    return {
        "@type": ENDPOINT_TYPE,
        "cluster_name": cluster_name(backend),
        "endpoints": [{"lb_endpoints": [_endpoint(*where) for where in dict.fromkeys(found)]}],
    }


def _ready(item: Object, port_name: str) -> list[tuple[str, int]]:
    ports = [p["port"] for p in item.get("ports") or [] if (p.get("name") or "") == port_name]
    return [
        (addresses.listens_on(address), port)
        for endpoint in item.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"]
        for port in ports
        if port
    ]


def _endpoint(address: str, port: int) -> Object:
    return {
        "endpoint": {
            "address": {"socket_address": {"address": address, "port_value": port}},
        }
    }
