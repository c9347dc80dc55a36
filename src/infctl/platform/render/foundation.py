"""What must be there first: the namespace, the identity of the pods, their priority."""

from infctl.platform.model import Platform
from infctl.platform.render.naming import Object, build, namespace

_PRIORITY = 1_000_000
_POD_SECURITY = "pod-security.kubernetes.io"


def render_namespace(platform: Platform) -> Object:
    """The namespace; its Pod Security labels make the API server refuse privileged pods."""
    rendered = build(platform, "v1", "Namespace", namespace(platform), cluster_wide=True)
    modes = ("enforce", "audit", "warn")
    rendered["metadata"]["labels"] |= {f"{_POD_SECURITY}/{mode}": "restricted" for mode in modes}
    return rendered


def render_service_account(platform: Platform) -> Object:
    """An identity without a token: the server does not talk to Kubernetes."""
    return build(
        platform, "v1", "ServiceAccount", platform.service.name, automountServiceAccountToken=False
    )


def render_priority_class(platform: Platform) -> Object:
    """Serving pods go before batch work when a region is short of room."""
    return build(
        platform,
        "scheduling.k8s.io/v1",
        "PriorityClass",
        priority_class(platform),
        cluster_wide=True,
        value=_PRIORITY,
        globalDefault=False,
        preemptionPolicy="PreemptLowerPriority",
        description=f"Serving pods of {platform.service.name}",
    )


def priority_class(platform: Platform) -> str:
    """The name of the priority class."""
    return f"{platform.service.name}-critical"
