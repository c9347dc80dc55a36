"""Roles of the lab's parts and people: each may do what it is there for, and no more."""

from typing import Any

Rule = dict[str, list[str]]
OPERATORS = "infctl:operators"
"""The group of whoever uses the lab's kubeconfig."""
ELEVATED = "infctl:elevated"
"""The group of break-glass: no token of the lab's own has it, the issuer's do for minutes."""

_READ = ["get", "list", "watch"]
_ALL = ["*"]


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


ROLES: dict[str, tuple[str, list[Rule]]] = {
    "infctl-agent": (
        "infctl:agents",
        [
            _rule([""], ["nodes"], [*_READ, "create", "update", "patch", "delete"]),
            _rule([""], ["nodes/status", "pods/status"], ["update", "patch"]),
            _rule([""], ["pods"], [*_READ, "delete"]),
            _rule([""], ["configmaps", "secrets", "services"], _READ),
            _rule([""], ["serviceaccounts/token"], ["create"]),
            _rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
            _rule(["coordination.k8s.io"], ["leases"], [*_READ, "create", "update", "patch"]),
        ],
    ),
    "infctl-gateway": (
        "infctl:gateways",
        [
            _rule(["gateway.networking.k8s.io"], _ALL, _READ),
            _rule(
                ["gateway.networking.k8s.io"],
                ["gateways/status", "httproutes/status", "gatewayclasses/status"],
                ["update", "patch"],
            ),
            _rule(["gateway.envoyproxy.io"], _ALL, _READ),
            _rule(
                ["gateway.envoyproxy.io"],
                ["backends/status", "backendtrafficpolicies/status"],
                ["update", "patch"],
            ),
            # Secrets: the certificates of HTTPS listeners.
            _rule([""], ["services", "namespaces", "secrets"], _READ),
            _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
        ],
    ),
    "infctl-prometheus": (
        "infctl:prometheus",
        [
            _rule([""], ["pods", "nodes", "services"], _READ),
            _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
            _rule(["monitoring.coreos.com"], _ALL, _READ),
            _rule(["apps"], ["deployments"], _READ),
            _rule([""], ["events"], ["create"]),
        ],
    ),
    "infctl-autoscaler": (
        "infctl:autoscalers",
        [
            _rule(["keda.sh"], ["scaledobjects"], _READ),
            _rule(["keda.sh"], ["scaledobjects/status"], ["update", "patch"]),
            _rule(["autoscaling"], ["horizontalpodautoscalers"], _ALL),
            _rule(_ALL, ["*/scale"], ["get", "update", "patch"]),
            _rule([""], ["pods", "nodes"], _READ),
            _rule([""], ["events"], ["create", "patch"]),
        ],
    ),
    "infctl-metrics": ("infctl:metrics", [_rule(["monitoring.coreos.com"], _ALL, _READ)]),
}

ADDED_GROUPS = (
    "gateway.networking.k8s.io",
    "gateway.envoyproxy.io",
    "keda.sh",
    "monitoring.coreos.com",
)
_METRICS = ["metrics.k8s.io", "external.metrics.k8s.io"]
_OPERATED = [
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "discovery.k8s.io",
    "coordination.k8s.io",
    "events.k8s.io",
    "scheduling.k8s.io",
    *ADDED_GROUPS,
]
_LOOKED_AT = [
    "rbac.authorization.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "storage.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    *_METRICS,
]
_OF_NAMESPACES = [
    *("pods", "pods/attach", "pods/eviction", "pods/exec", "pods/log", "pods/portforward"),
    *("pods/ephemeralcontainers", "pods/status", "pods/resize", "bindings", "services"),
    *("services/status", "endpoints", "configmaps", "secrets", "events", "serviceaccounts"),
    *("persistentvolumeclaims", "podtemplates", "limitranges"),
    *("replicationcontrollers", "resourcequotas", "namespaces", "namespaces/status"),
]
PERSONAS: dict[str, tuple[str, list[Rule]]] = {
    "infctl-viewers": (
        "infctl:viewers",
        [
            _rule([""], ["nodes", "namespaces"], _READ),
            _rule([*ADDED_GROUPS, *_METRICS], _ALL, _READ),
        ],
    ),
    "infctl-operators": (
        OPERATORS,
        [
            _rule([""], _OF_NAMESPACES, _ALL),
            _rule([""], ["nodes", "nodes/status"], [*_READ, "update", "patch"]),
            _rule(_OPERATED, _ALL, _ALL),
            _rule(["admissionregistration.k8s.io"], _ALL, _ALL),
            _rule(_LOOKED_AT, _ALL, _READ),
            # Whoever plans a policy whose parameter's kind is not known yet must read them all.
            _rule(_ALL, _ALL, ["get"]),
            {"nonResourceURLs": _ALL, "verbs": ["get"]},
        ],
    ),
    "infctl-elevated": (
        ELEVATED,
        [_rule(_ALL, _ALL, _ALL), {"nonResourceURLs": _ALL, "verbs": _ALL}],
    ),
}
"""What people are: the viewer looks, the operator runs the platform, who breaks the glass may all.

The operator gives no rights, defines no kinds, removes no nodes and speaks for nobody else.
"""
BUILT_IN = {"infctl-viewers-view": ("infctl:viewers", "view")}
"""Kubernetes' own role of who looks, which leaves out Secrets."""
ISSUED = {
    "infctl-oidc-viewers": ("oidc:viewers", "infctl-viewers"),
    "infctl-oidc-viewers-view": ("oidc:viewers", "view"),
    "infctl-oidc-operators": ("oidc:operators", "infctl-operators"),
}
"""Groups of the lab's issuer are what their namesakes are."""


def objects() -> list[dict[str, Any]]:
    """ClusterRoles and their bindings."""
    made = []
    for name, (group, rules) in {**ROLES, **PERSONAS}.items():
        made += [_role(name, rules), _binding(name, group, name)]
    for name, (group, role) in {**BUILT_IN, **ISSUED}.items():
        made.append(_binding(name, group, role))
    return made


def _role(name: str, rules: list[Rule]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }


def _binding(name: str, group: str, role: str) -> dict[str, Any]:
    api = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": api, "kind": "Group", "name": group}],
    }
