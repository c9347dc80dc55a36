"""Who may talk to the pods: nobody, but for the gateway and Prometheus."""

from infctl.platform.model import Platform
from infctl.platform.render.naming import Object, build, namespace, selector, stable

_GATEWAY = "gateway.envoyproxy.io/owning-gateway"
_NAMESPACE = "kubernetes.io/metadata.name"


def render_default_deny(platform: Platform) -> Object:
    """Nothing goes in or out that is not allowed by name."""
    return build(
        platform,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        platform.service.name,
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    )


def render_allowed(platform: Platform) -> Object:
    """Requests from the gateway, scrapes from Prometheus, out to DNS and the object store."""
    return build(
        platform,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        stable(platform),
        spec={
            "podSelector": {"matchLabels": selector(platform)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [_from_gateway(platform), _from_metrics(platform)],
            "egress": [
                {"ports": [{"port": 53, "protocol": p} for p in ("UDP", "TCP")]},
                {"ports": [{"port": 443, "protocol": "TCP"}]},
            ],
        },
    )


def _from_gateway(platform: Platform) -> Object:
    gateway = {
        f"{_GATEWAY}-name": platform.service.name,
        f"{_GATEWAY}-namespace": namespace(platform),
    }
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": gateway}}
    return {"from": [peer], "ports": [{"port": "http", "protocol": "TCP"}]}


def _from_metrics(platform: Platform) -> Object:
    peer = {"namespaceSelector": {"matchLabels": {_NAMESPACE: platform.metrics.namespace}}}
    return {"from": [peer], "ports": [{"port": "metrics", "protocol": "TCP"}]}
