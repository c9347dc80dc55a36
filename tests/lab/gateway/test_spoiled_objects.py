"""Objects with any one place spoiled: translation goes on, whatever it is."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_objects import (
    a_backend,
    a_backend_object_ref,
    a_backend_ref,
    a_filter,
    a_gateway,
    a_grant,
    a_listener,
    a_path,
    a_policy,
    a_route,
    a_rule,
    by_key,
    named,
    some_objects,
)

from infctl.lab.gateway.objects import Objects, Place
from infctl.lab.gateway.translation import translate

PLACE = Place("eu-west-1", "127.203.1.2", "127.203.1.17", "/logs/access.log")
SPOILT: tuple[Any, ...] = (None, 7, -1, 0.5, True, "", "x", "a/b\n", [], [None], {}, {"x": 1})
SOUND = ("metadata", "parentRefs", "hostnames", "targetRefs", "spec")
"""What every API server holds to its definition."""


def all_kinds() -> Objects:
    objects = some_objects()
    listeners = (
        a_listener(allowedRoutes={"namespaces": {"from": "Selector", "selector": {}}}),
        a_listener("tls", port=8443, protocol="HTTPS", tls={"certificateRefs": [{"name": "own"}]}),
    )
    objects.gateways = by_key(a_gateway(*listeners))
    objects.secrets = by_key(named("own", data={"tls.crt": "eA==", "tls.key": "eQ=="}))
    objects.grants = by_key(a_grant("shared", "HTTPRoute", "Service", name="model"))
    objects.backends = by_key(a_backend("far", ("127.203.2.2", 8080), fallback=True))
    health = {"passive": {"interval": "1s"}, "active": {"type": "HTTP", "http": {"path": "/"}}}
    objects.policies = by_key(a_policy(healthCheck=health, retry={"numRetries": 1}))
    refs = (a_backend_ref(weight=1), a_backend_object_ref("far"))
    filters = [
        a_filter("RequestHeaderModifier", set=[{"name": "a", "value": "b"}], remove=["c"]),
        a_filter("RequestMirror", backendRef=a_backend_ref(), percent=5),
        a_filter("URLRewrite", hostname="x.test"),
        a_filter("CORS", allowOrigins=["https://*.test"]),
    ]
    match = {**a_path("/v2"), "method": "GET", "headers": [{"name": "a", "value": "b"}]}
    rule = a_rule(*refs, matches=[match], filters=filters, timeouts={"request": "1s"})
    redirect = {"filters": [a_filter("RequestRedirect", scheme="https", port=8443)]}
    objects.routes.update(by_key(a_route(rule, redirect, name="full")))
    return objects


def places(item: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys, below an object."""
    keys = list(item) if isinstance(item, dict) else range(len(item))
    for name in keys:
        if name not in SOUND:
            yield item, name
        if name == "spec" or (name not in SOUND and isinstance(item[name], dict | list)):
            yield from places(item[name])


@pytest.mark.parametrize("kind", ["routes", "grants", "backends", "policies", "secrets"])
def test_a_spoiled_object_never_stops_the_translation(kind: str) -> None:
    draw = random.Random(f"{kind} 6")
    whole = all_kinds()
    translate(whole, PLACE, "/xds")
    store = getattr(whole, kind)
    for where in store:
        count = sum(1 for _ in places(store[where]))
        for number in range(count):
            objects = copy.deepcopy(whole)
            holder, name = list(places(getattr(objects, kind)[where]))[number]
            spoilt = draw.choice(SPOILT)
            before = holder[name]
            holder[name] = copy.deepcopy(spoilt)
            try:
                translate(objects, PLACE, "/xds")
            except Exception as error:
                pytest.fail(f"{where} with {before!r} -> {spoilt!r} at {name!r}: {error!r}")
