"""Envoy's clusters: a backend with its fallbacks, under one policy. Pure."""

from typing import NamedTuple

from infctl.lab.following import Key, Object
from infctl.lab.gateway.backends import Backend, endpoints, speaks_http2
from infctl.lab.gateway.objects import Objects
from infctl.lab.gateway.settings import DEFAULTS, Settings

CLUSTER_TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ENDPOINT_TYPE = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class Upstream(NamedTuple):
    """Where requests go: first to `backend`, and what it cannot take to the `fallbacks`.

    Envoy gives it min(100, its healthy percentage x 1.4) of the requests.
    """

    backend: Backend
    fallbacks: tuple[Backend, ...] = ()
    policy: Key = ("", "")

    @property
    def name(self) -> str:
        """The cluster's name, which is seen in Envoy's metrics."""
        made = "+".join(b.label for b in (self.backend, *self.fallbacks))
        return f"{made}@{'/'.join(self.policy)}" if self.policy[1] else made


def make_cluster(
    upstream: Upstream, objects: Objects, settings: Settings | None, endpoints_source: Object
) -> Object:
    """A cluster whose endpoints come by file; values are Envoy's own defaults where they fit."""
    chosen = {**DEFAULTS, **(settings.cluster if settings else {})}
    options = dict(settings.connections) if settings else {}
    if speaks_http2(upstream.backend, objects):
        options["explicit_http_config"] = {"http2_protocol_options": {}}
    if options:
        options.setdefault("explicit_http_config", {"http_protocol_options": {}})
        typed = {_OPTIONS: {"@type": f"type.googleapis.com/{_OPTIONS}", **options}}
        chosen["typed_extension_protocol_options"] = typed
    return {
        "@type": CLUSTER_TYPE,
        "name": upstream.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": endpoints_source},
        **chosen,
    }


def make_endpoints(upstream: Upstream, objects: Objects) -> Object:
    """The ready endpoints, at the addresses on which pods listen; fallbacks as second priority."""
    first = endpoints(upstream.backend, objects)
    second = [place for b in upstream.fallbacks for place in endpoints(b, objects)]
    groups: list[Object] = [{"lb_endpoints": [_endpoint(*where) for where in first]}]
    if second:
        groups.append({"lb_endpoints": [_endpoint(*where) for where in second], "priority": 1})
    return {"@type": ENDPOINT_TYPE, "cluster_name": upstream.name, "endpoints": groups}


def _endpoint(address: str, port: int) -> Object:
    return {
        "endpoint": {
            "address": {"socket_address": {"address": address, "port_value": port}},
        }
    }
