"""Which listeners of which Gateways are served, and why others are not. Pure."""

from dataclasses import dataclass, field

from infctl.lab import addresses
from infctl.lab.following import Key, Object, key
from infctl.lab.gateway import certificates
from infctl.lab.gateway.certificates import Certificate
from infctl.lab.gateway.objects import (
    CONTROLLER,
    GROUP,
    Objects,
    Unsupported,
    oldest_first,
)

_PROTOCOLS = {"HTTP": "http", "HTTPS": "https"}
_PORTS = addresses.EDGE_PORTS["gateway"]
_KIND = {"group": GROUP, "kind": "HTTPRoute"}


@dataclass(slots=True)
class Listener:
    """A listener of a Gateway with what is wrong: not accepted, or references not resolved."""

    gateway: Object
    spec: Object
    kinds: list[Object]
    refused: Unsupported | None = None
    unresolved: Unsupported | None = None
    conflict: Unsupported | None = None
    certificates: list[Certificate] = field(default_factory=list)

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return _PROTOCOLS.get(self.spec["protocol"], "")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.spec["port"])

    @property
    def hostname(self) -> str:
        """The hostname, `*` for all."""
        return str(self.spec.get("hostname") or "*")

    @property
    def is_served(self) -> bool:
        """Whether Envoy listens for it."""
        if self.refused or self.conflict or not self.kinds:
            return False
        return self.scheme == "http" or bool(self.certificates)

    @property
    def table(self) -> str:
        """The name of Envoy's table of routes: of all on an HTTP port, of one with TLS."""
        if self.scheme == "http":
            return f"http-{self.port}"
        return "/".join((f"https-{self.port}", *key(self.gateway), self.spec["name"]))


def our_classes(objects: Objects) -> set[str]:
    """The names of the classes that this controller answers for."""
    return {
        name
        for (_, name), item in objects.classes.items()
        if item["spec"]["controllerName"] == CONTROLLER
    }


def read_gateways(objects: Objects) -> dict[Key, list[Listener]]:
    """The listeners of each of our Gateways; the older Gateway has a port first."""
    classes = our_classes(objects)
    found: dict[Key, list[Listener]] = {}
    schemes: dict[int, str] = {}
    names: set[tuple[int, str]] = set()
    for gateway in oldest_first(objects.gateways):
        if gateway["spec"]["gatewayClassName"] not in classes:
            continue
        listeners = [_read(gateway, spec, objects) for spec in gateway["spec"]["listeners"]]
        for listener in listeners:
            if listener.is_served:
                listener.conflict = _claim(listener, schemes, names)
        found[key(gateway)] = listeners
    return found


def _read(gateway: Object, spec: Object, objects: Objects) -> Listener:
    asked = (spec.get("allowedRoutes") or {}).get("kinds") or [_KIND]
    kinds = [k for k in asked if (k.get("group", GROUP), k["kind"]) == (GROUP, "HTTPRoute")]
    made = Listener(gateway, spec, [_KIND] if kinds else [])
    if len(kinds) < len(asked):
        made.unresolved = Unsupported("only HTTPRoutes are served here", "InvalidRouteKinds")
    made.refused = _refusal(gateway, spec)
    if spec["protocol"] == "HTTPS" and not made.refused:
        references = (spec.get("tls") or {}).get("certificateRefs") or []
        try:
            made.certificates = certificates.load(references, key(gateway)[0], objects)
        except Unsupported as problem:
            made.unresolved = problem
    return made


def _refusal(gateway: Object, spec: Object) -> Unsupported | None:
    if spec["protocol"] not in _PROTOCOLS:
        return Unsupported(f"protocol {spec['protocol']} is not served here", "UnsupportedProtocol")
    if spec["port"] not in _PORTS:
        passed = " and ".join(map(str, _PORTS))
        return Unsupported(f"a region's edge passes ports {passed} on", "PortUnavailable")
    tls = spec.get("tls") or {}
    if spec["protocol"] == "HTTPS" and tls.get("mode", "Terminate") != "Terminate":
        return Unsupported("TLS is only terminated here", "UnsupportedValue")
    if bad := set(tls) - {"mode", "certificateRefs"} or set(gateway["spec"].get("tls") or {}):
        return Unsupported(f"not done here: tls.{min(bad)}", "UnsupportedValue")
    return None


def _claim(
    listener: Listener, schemes: dict[int, str], names: set[tuple[int, str]]
) -> Unsupported | None:
    """All Gateways of a region share one Envoy: a port has one protocol, TLS one server a name."""
    if schemes.setdefault(listener.port, listener.scheme) != listener.scheme:
        return Unsupported(
            f"port {listener.port} is taken for another protocol", "ProtocolConflict"
        )
    if listener.scheme == "https":
        name = (listener.port, listener.hostname)
        if name in names:
            return Unsupported(f"{listener.hostname} is taken on this port", "HostnameConflict")
        names.add(name)
    return None
