"""The flags of each component; every address is of the region, every timing is the lab's."""

from pathlib import Path

from infctl.lab import addresses
from infctl.lab.spec import Lab, Region

SERVICE_RANGE = "10.96.0.0/16"
UNREACHABLE_SECONDS = 3
"""How long pods stay on a node that is not ready; 300 by default."""
NODE_GRACE_SECONDS = 10
"""How long a node may be silent until it counts as lost; 50 by default."""
FRONT_PROXY = "infctl:front-proxy"
"""The common name that alone may speak for others."""
ETCD_HEALTH_PORT = 2381
"""Health and metrics of etcd, and nothing else, without a certificate."""


def etcd(lab: Lab, region: Region) -> list[str]:
    """One member, without fsync: a lab's data need not survive a power cut.

    Whoever may talk to it may do all that RBAC forbids, so it wants a certificate of the lab.
    """
    host, pki = lab.inner(region, "etcd"), lab.ca.parent
    client, peer = (
        f"https://{host}:{addresses.ETCD_PORT}",
        f"https://{host}:{addresses.ETCD_PEER_PORT}",
    )
    files = {
        "cert-file": pki / f"etcd-{region.name}.crt",
        "key-file": pki / f"etcd-{region.name}.key",
        "trusted-ca-file": lab.ca,
    }
    return [
        f"--name={region.name}",
        f"--data-dir={lab.folder(region) / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={region.name}={peer}",
        f"--listen-metrics-urls=http://{host}:{ETCD_HEALTH_PORT}",
        *(f"--{side}{name}={file}" for side in ("", "peer-") for name, file in files.items()),
        "--client-cert-auth",
        "--peer-client-cert-auth",
        # It would call etcd with the server's certificate, which is none of a client.
        "--enable-grpc-gateway=false",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver(lab: Lab, region: Region) -> list[str]:
    """TLS, tokens, the issuer, RBAC, audit log; not in the endpoints of `kubernetes`."""
    folder, pki = lab.folder(region), lab.ca.parent
    signing = folder / "service-accounts.key"
    return [
        f"--etcd-servers=https://{lab.inner(region, 'etcd')}:{addresses.ETCD_PORT}",
        f"--etcd-cafile={lab.ca}",
        f"--etcd-certfile={pki / 'etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'etcd-client.key'}",
        f"--bind-address={lab.inner(region, 'api')}",
        f"--advertise-address={lab.edge(region, 'api')}",
        f"--secure-port={addresses.API_PORT}",
        f"--tls-cert-file={pki / f'api-{region.name}.crt'}",
        f"--tls-private-key-file={pki / f'api-{region.name}.key'}",
        f"--client-ca-file={lab.ca}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--authentication-config={folder / 'authentication.json'}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={signing}",
        f"--service-account-signing-key-file={signing}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}",
        f"--kubelet-certificate-authority={lab.ca}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--default-not-ready-toleration-seconds={UNREACHABLE_SECONDS}",
        f"--default-unreachable-toleration-seconds={UNREACHABLE_SECONDS}",
        *_aggregation(lab),
        *_audit(folder),
        "--profiling=false",
        "--allow-privileged=false",
        "--shutdown-delay-duration=0s",
    ]


def _aggregation(lab: Lab) -> list[str]:
    """How it makes itself known to API servers behind it, and who may speak for others to them."""
    pki = lab.ca.parent
    return [
        f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy.key'}",
        f"--requestheader-client-ca-file={lab.ca}",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ]


def _audit(folder: Path) -> list[str]:
    return [
        f"--audit-policy-file={folder / 'audit-policy.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-maxsize=20",
        "--audit-log-maxbackup=2",
    ]


def controller_manager(lab: Lab, region: Region) -> list[str]:
    """All controllers but node addresses, which the node agent gives."""
    folder = lab.folder(region)
    return [
        f"--kubeconfig={folder / 'controller-manager.kubeconfig'}",
        f"--bind-address={lab.inner(region, 'controller-manager')}",
        f"--secure-port={addresses.CONTROLLER_MANAGER_PORT}",
        "--leader-elect=false",
        "--controllers=*,-nodeipam",
        "--use-service-account-credentials=true",
        # With the default of 20 a second its controllers take five seconds to start.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        f"--service-account-private-key-file={folder / 'service-accounts.key'}",
        f"--root-ca-file={lab.ca}",
        f"--node-monitor-grace-period={NODE_GRACE_SECONDS}s",
        "--node-monitor-period=1s",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=30s",
        "--profiling=false",
        *_serving(lab, region, "controller-manager"),
    ]


def scheduler(lab: Lab, region: Region) -> list[str]:
    """The scheduler."""
    config = lab.folder(region) / "scheduler.kubeconfig"
    return [
        f"--kubeconfig={config}",
        f"--bind-address={lab.inner(region, 'scheduler')}",
        f"--secure-port={addresses.SCHEDULER_PORT}",
        "--leader-elect=false",
        "--profiling=false",
        *_serving(lab, region, "scheduler"),
    ]


def _serving(lab: Lab, region: Region, name: str) -> list[str]:
    """Its own health and metrics, for those whom the region's API server lets."""
    config, pki = lab.folder(region) / f"{name}.kubeconfig", lab.ca.parent
    return [
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        f"--tls-cert-file={pki / f'{name}-{region.name}.crt'}",
        f"--tls-private-key-file={pki / f'{name}-{region.name}.key'}",
    ]
