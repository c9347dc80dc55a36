"""HTTPS listeners with the lab's authority, on a real Envoy."""

import base64
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from gateway_objects import NAMESPACE, a_backend_ref, a_gateway, a_grant, a_listener, a_rule, named
from running_envoy import RunningEnvoy, until

from infctl.lab import addresses, pki
from infctl.lab.following import Object
from infctl.lab.gateway import certificate_secret

pytestmark = pytest.mark.usefixtures("echoes")
PARENT = {"name": "secure", "namespace": NAMESPACE}


@pytest.fixture(scope="module")
def secure(envoy: RunningEnvoy) -> Iterator[RunningEnvoy]:
    """Envoy with an HTTPS listener for all names, and one for a name of its own."""
    own = certificate_secret.make(envoy.lab, envoy.region)
    envoy.objects.secrets["default", own["metadata"]["name"]] = own
    envoy.objects.secrets[NAMESPACE, "own"] = a_secret(envoy, "first")
    grant = a_grant("default", "Gateway", "Secret")
    envoy.objects.grants["default", "granted"] = grant
    shared = {"name": own["metadata"]["name"], "namespace": "default"}
    envoy.put(
        a_gateway(
            a_tls_listener("all", shared),
            a_tls_listener("own", {"name": "own"}, hostname="own.infctl.test"),
            name="secure",
        ),
        kind="gateways",
    )
    yield envoy
    del envoy.objects.gateways[NAMESPACE, "secure"]
    envoy.apply()


def a_tls_listener(name: str, reference: Object, **rest: str) -> Object:
    tls = {"mode": "Terminate", "certificateRefs": [reference]}
    return a_listener(name, port=addresses.GATEWAY_TLS_PORT, protocol="HTTPS", tls=tls, **rest)


def a_secret(envoy: RunningEnvoy, name: str) -> Object:
    """A Secret with a certificate for own.infctl.test whose common name is `name`."""
    chain, key = pki.issue(envoy.lab, name, common_name=name, hosts=["own.infctl.test"])
    files = {"tls.crt": chain, "tls.key": key}
    data = {field: base64.b64encode(path.read_bytes()).decode() for field, path in files.items()}
    return named("own", type="kubernetes.io/tls", data=data)


def presented(envoy: RunningEnvoy, host: str) -> str:
    """The common name of the certificate that is shown for a host; empty where none is."""
    context = ssl.create_default_context(cafile=str(envoy.lab.ca))
    where = (envoy.place.bound, addresses.GATEWAY_TLS_PORT)
    try:
        with (
            socket.create_connection(where, timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True) or b""
    except OSError:
        return ""
    subject = x509.load_der_x509_certificate(shown).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_curl_reaches_the_gateway_with_the_labs_authority_alone(secure: RunningEnvoy) -> None:
    host = secure.serve(a_rule(a_backend_ref("a")), parentRefs=[PARENT])
    port = addresses.GATEWAY_TLS_PORT
    curl = shutil.which("curl") or pytest.fail("curl is missing")
    words = [curl, "--silent", "--show-error", "--max-time", "5"]
    to = [f"https://{host}:{port}/v2", "--resolve", f"{host}:{port}:{secure.place.bound}"]
    trusted = ["--cacert", str(secure.lab.ca)]

    def answered() -> bool:
        done = subprocess.run([*words, *trusted, *to], capture_output=True, text=True)
        return '"backend": "a"' in done.stdout

    until(answered, "the listener is there")
    refused = subprocess.run([*words, *to], capture_output=True, text=True)
    assert "certificate" in refused.stderr


def test_a_name_with_a_listener_of_its_own_has_its_own_certificate(secure: RunningEnvoy) -> None:
    until(lambda: presented(secure, "own.infctl.test") == "first", "the own listener is there")
    assert presented(secure, "other.infctl.test") == f"gateway {secure.region.name}"


def test_a_changed_certificate_is_taken_without_a_restart(secure: RunningEnvoy) -> None:
    listeners = (secure.folder / "listeners.json").read_bytes()
    secure.put(a_secret(secure, "second"), kind="secrets")
    until(lambda: presented(secure, "own.infctl.test") == "second", "the second is shown")
    assert (secure.folder / "listeners.json").read_bytes() == listeners


def test_keys_are_readable_by_their_owner_alone(secure: RunningEnvoy) -> None:
    files = list((secure.folder / "secrets").glob("*.json"))
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
