"""Roles of the lab's users: each may do what its part does, and no more."""

from typing import Any

Rule = dict[str, list[str]]
OPERATORS = "infctl:operators"
"""The group of whoever uses the lab's kubeconfig."""

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
            _rule([""], ["services", "namespaces"], _READ),
            _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
        ],
    ),
    "infctl-prometheus": (
        "infctl:prometheus",
        [
            _rule([""], ["pods", "nodes", "services"], _READ),
            _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
            _rule(["monitoring.coreos.com"], _ALL, _READ),
            _rule([""], ["events"], ["create"]),
        ],
    ),
    "infctl-metrics": ("infctl:metrics", [_rule(["monitoring.coreos.com"], _ALL, _READ)]),
}

BUILT_IN = {
    "infctl-operator": (OPERATORS, "cluster-admin"),
    "infctl-viewer": ("infctl:viewers", "view"),
    "infctl-viewer-nodes": ("infctl:viewers", "infctl-nodes-view"),
}
ADDED_GROUPS = (
    "gateway.networking.k8s.io",
    "gateway.envoyproxy.io",
    "keda.sh",
    "monitoring.coreos.com",
)
NODES_VIEW = [
    _rule([""], ["nodes", "namespaces"], _READ),
    _rule(list(ADDED_GROUPS), _ALL, _READ),
]


def objects() -> list[dict[str, Any]]:
    """ClusterRoles and their bindings."""
    made = [_role("infctl-nodes-view", NODES_VIEW)]
    for name, (group, rules) in ROLES.items():
        made += [_role(name, rules), _binding(name, group, name)]
    for name, (group, role) in BUILT_IN.items():
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
