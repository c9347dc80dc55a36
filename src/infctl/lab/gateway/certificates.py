"""Certificates of HTTPS listeners, out of Secrets. Pure."""

import base64
from typing import NamedTuple

from infctl.lab.following import Object
from infctl.lab.gateway import grants
from infctl.lab.gateway.objects import GROUP, MALFORMED, Objects, Unsupported

RESOURCE_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
_REASON = "InvalidCertificateRef"
_RSA_BITS = 2048


class Certificate(NamedTuple):
    """A certificate chain and its key, PEM both."""

    name: str
    chain: str
    key: str

    def __repr__(self) -> str:
        return f"Certificate({self.name!r})"


def load(references: list[Object], namespace: str, objects: Objects) -> list[Certificate]:
    """What a listener's certificateRefs name; Unsupported with the condition's reason."""
    if not references:
        raise Unsupported("an HTTPS listener needs tls.certificateRefs", _REASON)
    return [_load(reference, namespace, objects) for reference in references]


def make_secret(certificate: Certificate) -> Object:
    """The resource through which Envoy gets it, and gets it anew."""
    return {
        "@type": RESOURCE_TYPE,
        "name": certificate.name,
        "tls_certificate": {
            "certificate_chain": {"inline_string": certificate.chain},
            "private_key": {"inline_string": certificate.key},
        },
    }


def _load(reference: Object, namespace: str, objects: Objects) -> Certificate:
    group, kind = reference.get("group", ""), reference.get("kind", "Secret")
    where = (reference.get("namespace", namespace), reference["name"])
    if (group, kind) != ("", "Secret"):
        raise Unsupported(f"certificates of kind {kind} are not served here", _REASON)
    target = grants.Referent(group, kind, *where)
    grants.check((GROUP, "Gateway", namespace), target, objects.grants)
    name = "/".join(where)
    if where not in objects.secrets:
        raise Unsupported(f"there is no Secret {name} of type kubernetes.io/tls", _REASON)
    try:
        data = objects.secrets[where]["data"]
        chain, key = (base64.b64decode(data[f]).decode() for f in ("tls.crt", "tls.key"))
        _check_pair(chain, key)
    except MALFORMED:
        # What was wrong could quote the key.
        problem = Unsupported(
            f"tls.crt and tls.key of Secret {name} are not a certificate and its key"
            " (of an elliptic curve, or RSA with 2048 bits)",
            _REASON,
        )
        raise problem from None
    return Certificate(name, chain, key)


def _check_pair(chain: str, key: str) -> None:
    """ValueError unless the key is the certificate's: Envoy refuses a listener without it."""
    # Few labs have such a listener, and all would pay for the import.
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    loaded = serialization.load_pem_private_key(key.encode(), None)
    strong = isinstance(loaded, ec.EllipticCurvePrivateKey) or (
        isinstance(loaded, rsa.RSAPrivateKey) and loaded.key_size >= _RSA_BITS
    )
    if not strong:
        raise ValueError("a key that Envoy refuses")
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = x509.load_pem_x509_certificates(chain.encode())[0].public_key()
    if loaded.public_key().public_bytes(*form) != public.public_bytes(*form):
        raise ValueError("another certificate's key")
