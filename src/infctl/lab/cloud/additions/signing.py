"""The signature of SNS notices: a key of this process, whose certificate the fronts serve."""

import base64
import functools
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CERTIFICATE_PATH: Final = "/_infctl/sns.pem"
_DAYS: Final = 365


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(text: str, version: str) -> str:
    """In base64; version 2 is SHA-256, any other SHA-1, as SNS has it."""
    # SHA-1 is what the vendor's version 1 is, and what its clients verify.
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303
    return base64.b64encode(_key().sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()


@functools.cache
def certificate() -> bytes:
    """In PEM, signed by itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(_key(), hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
