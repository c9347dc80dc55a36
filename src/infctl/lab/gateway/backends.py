"""What backendRefs refer to, and where its endpoints are. Pure."""

import ipaddress
from typing import NamedTuple

from infctl.lab import addresses
from infctl.lab.following import Key, Object
from infctl.lab.gateway import grants
from infctl.lab.gateway.objects import (
    ENVOY_GROUP,
    GROUP,
    MALFORMED,
    Objects,
    Unsupported,
)

SERVICE_LABEL = "kubernetes.io/service-name"
_HTTP2 = {"kubernetes.io/h2c", "gateway.envoyproxy.io/h2c"}
_HTTP1 = {"", "http", "kubernetes.io/ws", "gateway.envoyproxy.io/ws"}
_KINDS = {("", "Service"), (ENVOY_GROUP, "Backend")}


class Backend(NamedTuple):
    """A Service and its port, or a Backend of Envoy Gateway (port 0)."""

    namespace: str
    name: str
    port: int
    kind: str = "Service"

    @property
    def label(self) -> str:
        """How metrics and files name it."""
        end = str(self.port) if self.kind == "Service" else self.kind.lower()
        return f"{self.namespace}/{self.name}/{end}"


def resolve(reference: Object, namespace: str, objects: Objects) -> Backend:
    """The backend that a backendRef names; Unsupported with the condition's reason otherwise."""
    group, kind = reference.get("group", ""), reference.get("kind", "Service")
    if (group, kind) not in _KINDS:
        raise Unsupported(f"backends of kind {kind} are not served here", "InvalidKind")
    where = reference.get("namespace", namespace)
    target = grants.Referent(group, kind, where, reference["name"])
    grants.check((GROUP, "HTTPRoute", namespace), target, objects.grants)
    if kind == "Service":
        return _service(where, reference, objects.services)
    return _backend(where, reference["name"], objects.backends)


def is_fallback(backend: Backend, objects: Objects) -> bool:
    """Whether it serves only what the others cannot."""
    if backend.kind != "Backend":
        return False
    return bool(objects.backends[backend.namespace, backend.name]["spec"].get("fallback"))


def speaks_http2(backend: Backend, objects: Objects) -> bool:
    """Whether requests go there by HTTP/2 without TLS."""
    where = (backend.namespace, backend.name)
    if backend.kind == "Backend":
        return bool(_HTTP2 & set(objects.backends[where]["spec"].get("appProtocols") or []))
    return _port(objects.services[where], backend.port).get("appProtocol") in _HTTP2


def endpoints(backend: Backend, objects: Objects) -> list[tuple[str, int]]:
    """Address and port of each endpoint that is ready, at the address on which it listens."""
    where = (backend.namespace, backend.name)
    if backend.kind == "Backend":
        return backend_endpoints(objects.backends[where])
    port_name = _port(objects.services[where], backend.port).get("name", "")
    found = sorted(
        address
        for item in objects.slices.values()
        if item.get("addressType", "IPv4") == "IPv4"
        and item["metadata"].get("namespace") == backend.namespace
        and item["metadata"].get("labels", {}).get(SERVICE_LABEL) == backend.name
        for address in _ready(item, port_name)
    )
    return list(dict.fromkeys(found))


def backend_endpoints(item: Object) -> list[tuple[str, int]]:
    """Those of a Backend; Unsupported where it asks for what is not done or reaches out."""
    try:
        spec = item["spec"]
        if spec.get("type", "Endpoints") != "Endpoints" or spec.get("tls"):
            raise Unsupported("only endpoints without TLS are served here", "Invalid")
        if bad := set(spec.get("appProtocols") or []) - _HTTP1 - _HTTP2:
            raise Unsupported(f"protocol {min(bad)} is not served here", "Invalid")
        found = [_local(entry) for entry in spec.get("endpoints") or []]
    except MALFORMED as error:
        raise Unsupported(f"cannot be read: {error!r}", "Invalid") from None
    if not found:
        raise Unsupported("there are no endpoints", "Invalid")
    return list(dict.fromkeys(found))


def _local(entry: Object) -> tuple[str, int]:
    if "ip" not in entry:
        raise Unsupported("endpoints are given by `ip` here", "Invalid")
    address = addresses.listens_on(entry["ip"]["address"])
    if not ipaddress.ip_address(address).is_loopback:
        raise Unsupported(f"{address} is outside of the lab", "Invalid")
    return address, int(entry["ip"]["port"])


def _service(namespace: str, reference: Object, services: dict[Key, Object]) -> Backend:
    name, port = reference["name"], int(reference.get("port", 0))
    service = services.get((namespace, name))
    if service is None:
        raise Unsupported(f"there is no Service {namespace}/{name}", "BackendNotFound")
    found = _port(service, port)
    if not found:
        raise Unsupported(f"Service {name} has no port {port}", "BackendNotFound")
    if service["spec"].get("type") == "ExternalName":
        raise Unsupported(f"Service {name} is an ExternalName", "UnsupportedProtocol")
    protocol = found.get("appProtocol") or ""
    if protocol not in _HTTP1 | _HTTP2:
        raise Unsupported(f"protocol {protocol} is not served here", "UnsupportedProtocol")
    return Backend(namespace, name, port)


def _backend(namespace: str, name: str, backends: dict[Key, Object]) -> Backend:
    item = backends.get((namespace, name))
    if item is None:
        raise Unsupported(f"there is no Backend {namespace}/{name}", "BackendNotFound")
    try:
        backend_endpoints(item)
    except Unsupported as problem:
        raise Unsupported(f"Backend {name}: {problem}", "BackendNotFound") from None
    return Backend(namespace, name, 0, "Backend")


def _port(service: Object, port: int) -> Object:
    ports: list[Object] = service["spec"].get("ports") or []
    return next((p for p in ports if p["port"] == port), {})


def _ready(item: Object, port_name: str) -> list[tuple[str, int]]:
    ports = [p["port"] for p in item.get("ports") or [] if (p.get("name") or "") == port_name]
    return [
        (addresses.listens_on(address), port)
        for endpoint in item.get("endpoints") or []
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"]
        for port in ports
        # A slice can be written by hand, and the lab sends nothing outside.
        if port and addresses.listens_on(address).startswith("127.")
    ]
