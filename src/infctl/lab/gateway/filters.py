"""Filters of HTTPRoutes: what they do to a route of Envoy's. Pure."""

from dataclasses import dataclass, field

from infctl.lab.following import Object
from infctl.lab.gateway import cors, headers, paths
from infctl.lab.gateway.backends import resolve
from infctl.lab.gateway.objects import Objects, Unsupported
from infctl.lab.gateway.upstreams import Upstream

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """Where a rule is read: its namespace, all objects, and the listener's scheme and port."""

    namespace: str
    objects: Objects
    scheme: str = "http"
    port: int = 80


@dataclass(slots=True)
class Effects:
    """What filters add: to the route itself, to its action, or a redirect in its place."""

    route: Object = field(default_factory=dict)
    action: Object = field(default_factory=dict)
    redirect: Object | None = None
    has_cors: bool = False
    mirrors: list[Upstream] = field(default_factory=list)
    missing: list[Unsupported] = field(default_factory=list)


def of_rule(filters: list[Object], prefix: str | None, site: Site) -> Effects:
    """The effects of a rule's filters; Unsupported where one is not done here."""
    made = Effects()
    for item in filters:
        match item["type"]:
            case "RequestHeaderModifier" | "ResponseHeaderModifier":
                made.route.update(_headers(item))
            case "URLRewrite":
                made.action.update(paths.rewrite(item["urlRewrite"], prefix))
            case "RequestRedirect":
                made.redirect = paths.redirect(
                    item["requestRedirect"], prefix, scheme=site.scheme, port=site.port
                )
            case "RequestMirror":
                _mirror(made, item["requestMirror"], site)
            case "CORS":
                made.has_cors = True
                made.route["typed_per_filter_config"] = {cors.NAME: cors.policy(item["cors"])}
            case other:
                raise Unsupported(f"filter {other} is not served here")
    return made


def of_backend(filters: list[Object]) -> Object:
    """Fields of a weighted cluster; only headers and the host differ between backends."""
    made: Object = {}
    for item in filters:
        if item["type"] in ("RequestHeaderModifier", "ResponseHeaderModifier"):
            made.update(_headers(item))
        elif item["type"] == "URLRewrite" and not item["urlRewrite"].get("path"):
            made.update(paths.rewrite(item["urlRewrite"], None))
        else:
            raise Unsupported(f"filter {item['type']} of a backend is not served here")
    return made


def _headers(item: Object) -> Object:
    if item["type"] == "RequestHeaderModifier":
        return headers.modify(item["requestHeaderModifier"], "request")
    return headers.modify(item["responseHeaderModifier"], "response")


def _mirror(made: Effects, spec: Object, site: Site) -> None:
    try:
        upstream = Upstream(resolve(spec["backendRef"], site.namespace, site.objects))
    except Unsupported as problem:
        made.missing.append(problem)
        return
    made.mirrors.append(upstream)
    share = {"numerator": _millionths(spec), "denominator": "MILLION"}
    made.action.setdefault("request_mirror_policies", []).append(
        {
            "cluster": upstream.name,
            "runtime_fraction": {"default_value": share},
            "disable_shadow_host_suffix_append": True,
        }
    )


def _millionths(spec: Object) -> int:
    if fraction := spec.get("fraction"):
        share = float(fraction["numerator"]) / float(fraction.get("denominator", 100))
        return round(_MILLION * min(share, 1.0))
    return int(spec.get("percent", 100)) * _MILLION // 100
