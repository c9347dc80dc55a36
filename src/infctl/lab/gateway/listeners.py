"""Envoy's listeners and tables of routes. Pure."""

from infctl.lab.following import Object
from infctl.lab.gateway.connections import make_manager
from infctl.lab.gateway.gateways import Listener
from infctl.lab.gateway.matches import precedence
from infctl.lab.gateway.objects import Place
from infctl.lab.gateway.sources import single_source

LISTENER_TYPE = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES_TYPE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
_EXTENSIONS = "type.googleapis.com/envoy.extensions"
REGION_HEADER = "x-infctl-region"


def make_listener(port: int, listeners: list[Listener], place: Place, folder: str) -> Object:
    """One address and port: one table of routes, or with TLS one for each listener."""
    made: Object = {
        "@type": LISTENER_TYPE,
        "name": f"{listeners[0].scheme}-{port}",
        "address": {"socket_address": {"address": place.bound, "port_value": port}},
    }
    if listeners[0].scheme == "https":
        inspector = f"{_EXTENSIONS}.filters.listener.tls_inspector.v3.TlsInspector"
        made["listener_filters"] = [
            {"name": "envoy.filters.listener.tls_inspector", "typed_config": {"@type": inspector}}
        ]
        made["filter_chains"] = [_tls_chain(item, place, folder) for item in listeners]
    else:
        made["filter_chains"] = [{"filters": [_manager(listeners[0], place, folder)]}]
    return made


def make_table(name: str, hosts: dict[str, list[Object]], place: Place) -> Object:
    """One virtual host for each hostname; each answer names the region that served it."""
    return {
        "@type": ROUTES_TYPE,
        "name": name,
        "ignore_port_in_host_matching": True,
        "virtual_hosts": [
            {
                "name": host,
                "domains": [host],
                "routes": [*place.first_routes, *sorted(routes, key=precedence)],
            }
            for host, routes in sorted(hosts.items())
        ],
        "response_headers_to_add": [
            {
                "header": {"key": REGION_HEADER, "value": place.region},
                # Another region that served it in our place has named itself.
                "append_action": "ADD_IF_ABSENT",
            }
        ],
    }


def _manager(listener: Listener, place: Place, folder: str) -> Object:
    table = listener.table
    return make_manager(table, place, single_source(folder, "routes", table))


def _tls_chain(listener: Listener, place: Place, folder: str) -> Object:
    tls: Object = {
        "@type": f"{_EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [
                {"name": c.name, "sds_config": single_source(folder, "secrets", c.name)}
                for c in listener.certificates
            ],
        },
    }
    made: Object = {
        "name": listener.table,
        "filters": [_manager(listener, place, folder)],
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
    }
    if listener.hostname != "*":
        made["filter_chain_match"] = {"server_names": [listener.hostname]}
    return made
