"""The files that a region's control plane reads."""

import base64
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from infctl.lab import credentials, pki
from infctl.lab.controlplane import authentication
from infctl.lab.controlplane.flags import FRONT_PROXY
from infctl.lab.controlplane.roles import OPERATORS
from infctl.lab.spec import Lab, Region

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {
            "level": "None",
            "resources": [{"group": "coordination.k8s.io"}, {"group": "", "resources": ["events"]}],
        },
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets"]}]},
        # Whoever changes something is seen with all that it wrote: tests ask this witness.
        {"level": "Request", "userGroups": [OPERATORS]},
        {"level": "Metadata"},
    ],
}
KUBELET_CLIENT = "infctl:apiserver-kubelet"
"""The common name by which the node agent knows its API server."""
KUBERNETES_SERVICE = "10.96.0.1"
"""The first address of the service range, which is that of the service `kubernetes`."""


def prepare(lab: Lab, region: Region) -> None:
    """Write certificates, tokens, kubeconfigs and policies; what is there already is kept."""
    pki.ensure_authority(lab)
    credentials.ensure_tokens(lab)
    folder = lab.folder(region)
    (folder / "etcd").mkdir(parents=True, exist_ok=True, mode=0o700)
    _certify(lab, region)
    pki.ensure_signing_key(folder / "service-accounts.key")
    credentials.write_token_file(lab, folder / "tokens.csv")
    (folder / "audit-policy.json").write_text(json.dumps(AUDIT_POLICY))
    (folder / "authentication.json").write_text(json.dumps(authentication.configuration(lab)))
    for user in ("controller-manager", "scheduler"):
        write_config(folder / f"{user}.kubeconfig", lab, [region], user)


def _certify(lab: Lab, region: Region) -> None:
    pki.issue(
        lab,
        f"api-{region.name}",
        common_name=f"kube-apiserver {region.name}",
        addresses=[lab.edge(region, "api"), lab.inner(region, "api"), KUBERNETES_SERVICE],
        hosts=["kubernetes", "kubernetes.default", "kubernetes.default.svc"],
    )
    for name in ("etcd", "controller-manager", "scheduler"):
        pki.issue(
            lab,
            f"{name}-{region.name}",
            common_name=f"{name} {region.name}",
            addresses=[lab.inner(region, name)],
        )
    pki.issue(lab, "apiserver-kubelet", common_name=KUBELET_CLIENT, client=True)
    pki.issue(lab, "front-proxy", common_name=FRONT_PROXY, client=True)
    pki.issue(lab, "etcd-client", common_name="infctl:apiserver-etcd", client=True)


def write_kubeconfig(lab: Lab) -> None:
    """For users: a context per region, named like it, as the operator; REGION-viewer only looks."""
    write_config(
        lab.kubeconfig, lab, list(lab.regions), "operator", lab.edge_api_url, others=("viewer",)
    )


def write_config(
    path: Path,
    lab: Lab,
    regions: list[Region],
    user: str,
    url: Callable[[Region], str] | None = None,
    others: Sequence[str] = (),
) -> None:
    """A kubeconfig for one user, with certificates and token embedded, mode 0600.

    `url` is where the APIs are reached; it is the inner address by default. The contexts of other
    users are named REGION-USER.
    """
    url = url or lab.api_url
    users = [user, *others]
    authority = base64.b64encode(lab.ca.read_bytes()).decode()
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": regions[0].name,
        "clusters": [
            {
                "name": r.name,
                "cluster": {"server": url(r), "certificate-authority-data": authority},
            }
            for r in regions
        ],
        "users": [{"name": u, "user": {"token": credentials.token(lab, u)}} for u in users],
        "contexts": [
            {
                "name": r.name if u == user else f"{r.name}-{u}",
                "context": {"cluster": r.name, "user": u},
            }
            for u in users
            for r in regions
        ],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(config, indent=1))
