"""Kubernetes objects of the gateway's kinds, of few words."""

from typing import Any

from infctl.lab.following import Object
from infctl.lab.gateway.objects import CONTROLLER, ENVOY_GROUP, GROUP, Objects

NAMESPACE = "vision"
KEY = (NAMESPACE, "vision")
HOST = "vision.infctl.test"


def named(name: str, namespace: str = NAMESPACE, **rest: Any) -> Object:
    metadata = {"name": name, "namespace": namespace, "generation": 3}
    return {"metadata": {**metadata, **rest.pop("metadata", {})}, **rest}


def a_class(name: str = "envoy", controller: str = CONTROLLER) -> Object:
    metadata = {"name": name, "generation": 1}
    return {"metadata": metadata, "spec": {"controllerName": controller}}


def a_listener(name: str = "http", **rest: Any) -> Object:
    return {"name": name, "port": 8080, "protocol": "HTTP", **rest}


def a_gateway(*listeners: Object, name: str = "vision", **spec: Any) -> Object:
    whole = {"gatewayClassName": "envoy", "listeners": list(listeners) or [a_listener()], **spec}
    return named(name, spec=whole)


def a_service(name: str, namespace: str = NAMESPACE, **port: Any) -> Object:
    ports = [{"name": "http", "port": 8080, **port}, {"name": "metrics", "port": 8082}]
    return named(name, namespace, spec={"ports": ports})


def a_slice(
    service: str, *endpoints: tuple[str, bool | None], namespace: str = NAMESPACE, port: int = 8080
) -> Object:
    return named(
        f"{service}-1",
        namespace,
        metadata={"labels": {"kubernetes.io/service-name": service}},
        ports=[{"name": "metrics", "port": 8082}, {"name": "http", "port": port}],
        endpoints=[{"addresses": [a], "conditions": {"ready": ready}} for a, ready in endpoints],
    )


def a_backend_ref(name: str = "vision-stable", **rest: Any) -> Object:
    return {"name": name, "port": 8080, **rest}


def a_rule(*references: Object, **rest: Any) -> Object:
    """A rule to the given backends; to the stable one where none are given."""
    return {"backendRefs": list(references) or [a_backend_ref()], **rest}


def a_path(value: str, kind: str = "PathPrefix") -> Object:
    return {"path": {"type": kind, "value": value}}


def a_route(
    *rules: Object, name: str = "vision", namespace: str = NAMESPACE, **spec: Any
) -> Object:
    default = a_rule(matches=[a_path("/v2/")], timeouts={"request": "2s"})
    whole = {
        "parentRefs": [{"name": "vision", "namespace": NAMESPACE, "sectionName": "http"}],
        "hostnames": [HOST],
        "rules": list(rules) or [default],
        **spec,
    }
    return named(name, namespace, spec=whole)


def a_filter(kind: str, **spec: Any) -> Object:
    field = "cors" if kind == "CORS" else kind[0].lower() + kind[1:]
    return {"type": kind, "urlRewrite" if kind == "URLRewrite" else field: spec}


def a_grant(namespace: str, source: str, target: str, **to: str) -> Object:
    """Lets objects of kind `source` in our namespace refer to `target`s of another one."""
    group = "" if target in ("Service", "Secret") else ENVOY_GROUP
    spec = {
        "from": [{"group": GROUP, "kind": source, "namespace": NAMESPACE}],
        "to": [{"group": group, "kind": target, **to}],
    }
    return named("granted", namespace, spec=spec)


def a_backend(name: str, *places: tuple[str, int], **spec: Any) -> Object:
    endpoints = [{"ip": {"address": address, "port": port}} for address, port in places]
    return named(name, spec={"endpoints": endpoints, **spec})


def a_backend_object_ref(name: str, **rest: Any) -> Object:
    return {"group": ENVOY_GROUP, "kind": "Backend", "name": name, **rest}


def a_policy(
    name: str = "vision", *, kind: str = "HTTPRoute", to: str = "vision", **spec: Any
) -> Object:
    target = {"group": GROUP, "kind": kind, "name": to}
    if section := spec.pop("section", None):
        target["sectionName"] = section
    return named(name, spec={"targetRefs": [target], **spec})


def by_key(*items: Object) -> dict[tuple[str, str], Object]:
    return {(i["metadata"].get("namespace", ""), i["metadata"]["name"]): i for i in items}


def some_objects() -> Objects:
    """A Gateway with a route to the stable one of two Services, of three pods one not ready."""
    return Objects(
        classes=by_key(a_class()),
        gateways=by_key(a_gateway()),
        routes=by_key(a_route()),
        services=by_key(a_service("vision-stable"), a_service("vision-canary")),
        slices=by_key(
            a_slice(
                "vision-stable",
                ("239.203.1.64", True),
                ("239.203.1.65", False),
                ("239.203.1.66", None),
            )
        ),
    )
