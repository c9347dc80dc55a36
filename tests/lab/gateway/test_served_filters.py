"""Each filter of HTTPRoutes, on a real Envoy: what the server gets and the client sees."""

import time

import pytest
from echo_servers import Echo
from gateway_objects import a_backend_ref, a_filter, a_path, a_rule
from running_envoy import RunningEnvoy, until

from infctl.lab.following import Object

pytestmark = pytest.mark.usefixtures("echoes")

A, B = a_backend_ref("a"), a_backend_ref("b")


def pairs(**headers: str) -> list[Object]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]


def test_request_headers_are_set_added_and_removed(envoy: RunningEnvoy) -> None:
    change = a_filter(
        "RequestHeaderModifier",
        set=pairs(x_set="new"),
        add=pairs(x_add="more", x_percent="100%"),
        remove=["x-gone"],
    )
    host = envoy.serve(a_rule(A, filters=[change]))
    got = envoy.ask(host, x_set="old", x_add="one", x_gone="here").said["headers"]
    assert got["x-set"] == "new"
    assert got["x-add"] in ("one,more", "one, more", "more")
    assert got["x-percent"] == "100%"
    assert "x-gone" not in got


def test_response_headers_are_set_added_and_removed(envoy: RunningEnvoy) -> None:
    change = a_filter(
        "ResponseHeaderModifier",
        set=pairs(x_backend="hidden"),
        add=pairs(x_more="1"),
        remove=["x-removed"],
    )
    answer = envoy.ask(envoy.serve(a_rule(A, filters=[change])))
    assert answer.headers["x-backend"] == "hidden"
    assert answer.headers["x-more"] == "1"
    assert "x-removed" not in answer.headers
    assert answer.headers["x-infctl-region"] == "eu-west-1"


def test_headers_differ_by_backend(envoy: RunningEnvoy) -> None:
    def marked(name: str) -> Object:
        request = a_filter("RequestHeaderModifier", set=pairs(x_for=name))
        response = a_filter("ResponseHeaderModifier", set=pairs(x_from=name))
        return a_backend_ref(name, filters=[request, response])

    host = envoy.serve(a_rule(marked("a"), marked("b")))
    answers = [envoy.ask(host) for _ in range(30)]
    assert {a.backend for a in answers} == {"a", "b"}
    assert all(a.said["headers"]["x-for"] == a.backend for a in answers)
    assert all(a.headers["x-from"] == a.backend for a in answers)


@pytest.mark.parametrize(
    ("matched", "path", "asked", "wanted"),
    [
        (
            "/one",
            {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/two"},
            "/one/x?q=1",
            "/two/x?q=1",
        ),
        ("/one", {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/two/"}, "/one", "/two"),
        ("/one", {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "/one/x", "/x"),
        ("/one/", {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "/one", "/"),
        ("/", {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/two"}, "/x", "/two/x"),
        (
            "/one",
            {"type": "ReplaceFullPath", "replaceFullPath": "/all\\1"},
            "/one/x?q=1",
            "/all\\1?q=1",
        ),
    ],
)
def test_paths_are_rewritten_by_parts_between_slashes(
    envoy: RunningEnvoy, matched: str, path: Object, asked: str, wanted: str
) -> None:
    rewrite = a_filter("URLRewrite", path=path, hostname="other.test")
    host = envoy.serve(a_rule(A, matches=[a_path(matched)], filters=[rewrite]))
    said = envoy.ask(host, asked).said
    assert said["path"] == wanted
    assert said["headers"]["host"] == "other.test"


@pytest.mark.parametrize(
    ("spec", "status", "location"),
    [
        ({"hostname": "o.test"}, 302, "http://o.test:8080/old/x"),
        ({"hostname": "o.test", "port": 80}, 302, "http://o.test/old/x"),
        ({"hostname": "o.test", "scheme": "https", "statusCode": 301}, 301, "https://o.test/old/x"),
        ({"scheme": "https", "port": 8443, "statusCode": 303}, 303, "https://HOST:8443/old/x"),
        ({"scheme": "https", "statusCode": 308}, 308, "https://HOST:443/old/x"),
        (
            {
                "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"},
                "statusCode": 307,
            },
            307,
            "http://HOST:8080/new/x",
        ),
        ({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/n"}}, 302, "http://HOST:8080/n"),
        (
            {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
            302,
            "http://HOST:8080/x",
        ),
    ],
)
def test_redirects_name_scheme_host_port_and_path(
    envoy: RunningEnvoy, spec: Object, status: int, location: str
) -> None:
    redirect = a_filter("RequestRedirect", **spec)
    host = envoy.serve({"matches": [a_path("/old")], "filters": [redirect]})
    answer = envoy.ask(f"{host}:8080", "/old/x")
    assert (answer.status, answer.headers["location"]) == (status, location.replace("HOST", host))


def test_mirrors_get_a_copy_and_their_answers_are_nobodys(
    envoy: RunningEnvoy, echoes: dict[str, Echo]
) -> None:
    whole = a_filter("RequestMirror", backendRef=a_backend_ref("b"))
    half = a_filter("RequestMirror", backendRef=a_backend_ref("c"), percent=50)
    host = envoy.serve(a_rule(A, filters=[whole, half]))
    path = "/mirrored?status=200"
    assert {envoy.ask(host, path).backend for _ in range(60)} == {"a"}
    until(lambda: echoes["b"].asked["/mirrored"] == 60, "every request is mirrored")
    assert 12 < echoes["c"].asked["/mirrored"] < 48


def test_a_fraction_of_the_requests_is_mirrored(
    envoy: RunningEnvoy, echoes: dict[str, Echo]
) -> None:
    fraction = {"numerator": 1, "denominator": 4}
    mirror = a_filter("RequestMirror", backendRef=a_backend_ref("b"), fraction=fraction)
    host = envoy.serve(a_rule(A, filters=[mirror]))
    for _ in range(80):
        envoy.ask(host, "/quarter")
    assert 6 < echoes["b"].asked["/quarter"] < 38


def test_browsers_questions_are_answered_before_posts_and_for_known_origins(
    envoy: RunningEnvoy,
) -> None:
    policy = a_filter(
        "CORS",
        allowOrigins=["https://app.test", "https://*.lab.test"],
        allowMethods=["POST"],
        allowHeaders=["x-tenant"],
        exposeHeaders=["x-infctl-region"],
        allowCredentials=True,
        maxAge=60,
    )
    tenant = {"name": "x-tenant", "value": "blue"}
    match = {**a_path("/v2"), "method": "POST", "headers": [tenant]}
    host = envoy.serve(a_rule(A, matches=[match], filters=[policy]))

    def question(origin: str) -> dict[str, str]:
        asked = {"origin": origin, "access_control_request_method": "POST"}
        return envoy.ask(host, "/v2/x", "OPTIONS", **asked).headers

    answer = question("https://app.test")
    assert answer["access-control-allow-origin"] == "https://app.test"
    assert answer["access-control-allow-methods"] == "POST"
    assert answer["access-control-allow-headers"] == "x-tenant"
    assert answer["access-control-max-age"] == "60"
    assert answer["access-control-allow-credentials"] == "true"
    assert question("https://one.lab.test")["access-control-allow-origin"] == "https://one.lab.test"
    assert "access-control-allow-origin" not in question("https://evil.test")
    real = envoy.ask(host, "/v2/x", "POST", origin="https://app.test", x_tenant="blue")
    assert real.headers["access-control-expose-headers"] == "x-infctl-region"
    assert real.backend == "a"


def test_a_star_is_answered_with_what_was_asked_for(envoy: RunningEnvoy) -> None:
    rules = []
    for path, credentials in (("/with", True), ("/without", False)):
        stars = {"allowMethods": ["*"], "allowHeaders": ["*"], "allowOrigins": ["*"]}
        policy = a_filter("CORS", allowCredentials=credentials, **stars)
        rules.append(a_rule(A, matches=[a_path(path)], filters=[policy]))
    host = envoy.serve(*rules)
    asked = {
        "origin": "https://app.test:1234",
        "access_control_request_method": "PUT",
        "access_control_request_headers": "x-one, x-two",
    }
    answer = envoy.ask(host, "/with", "OPTIONS", **asked)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.test:1234"
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-allow-headers"] == "x-one, x-two"
    assert answer.headers["access-control-allow-credentials"] == "true"
    real = envoy.ask(host, "/with", "PUT", origin="https://app.test:1234")
    assert real.backend == "a"
    assert real.headers["access-control-allow-credentials"] == "true"
    answer = envoy.ask(host, "/without", "OPTIONS", **asked)
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_request_ends_at_its_deadline_and_so_does_a_backends_try(envoy: RunningEnvoy) -> None:
    whole = a_rule(A, matches=[a_path("/whole")], timeouts={"request": "150ms"})
    trial = a_rule(
        A, matches=[a_path("/try")], timeouts={"request": "5s", "backendRequest": "150ms"}
    )
    never = a_rule(A, matches=[a_path("/never")], timeouts={"request": "0s"})
    host = envoy.serve(whole, trial, never)
    for path in ("/whole", "/try"):
        begun = time.monotonic()
        assert envoy.ask(host, f"{path}?sleep=1").status == 504
        assert time.monotonic() - begun < 0.9
    assert envoy.ask(host, "/never?sleep=0.3").status == 200


def test_a_filter_that_is_not_served_costs_its_rule_alone(envoy: RunningEnvoy) -> None:
    unknown = {"type": "ExtensionRef", "extensionRef": {"group": "x", "kind": "Y", "name": "z"}}
    good = a_rule(A, matches=[a_path("/good")])
    host = envoy.serve(good, a_rule(A, matches=[a_path("/bad")], filters=[unknown]))
    assert envoy.ask(host, "/good").backend == "a"
    assert envoy.ask(host, "/bad").status == 500
    assert envoy.status()["PartiallyInvalid"]["reason"] == "UnsupportedValue"
