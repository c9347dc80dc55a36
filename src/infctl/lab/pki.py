"""The lab's own certificate authority: every key stays below the lab's folder, mode 0600."""

import datetime
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infctl.lab.spec import Lab

LIFETIME = datetime.timedelta(days=365)


def ensure_authority(lab: Lab) -> None:
    """Create the authority's key and certificate where they are missing."""
    if lab.ca.exists():
        return
    lab.ca.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"infctl lab {lab.name}", ())
    builder = _builder(name, name, key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    _write_key(lab.ca.with_suffix(".key"), key)
    lab.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def issue(
    lab: Lab,
    name: str,
    *,
    common_name: str,
    organizations: Iterable[str] = (),
    addresses: Iterable[str] = (),
    hosts: Iterable[str] = (),
    client: bool = False,
) -> tuple[Path, Path]:
    """A certificate and its key, by file; an earlier one of that name is used again."""
    certificate_path = lab.ca.parent / f"{name}.crt"
    key_path = lab.ca.parent / f"{name}.key"
    if certificate_path.exists() and key_path.exists():
        return certificate_path, key_path
    authority = x509.load_pem_x509_certificate(lab.ca.read_bytes())
    authority_key = _read_key(lab.ca.with_suffix(".key"))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name, organizations)
    builder = _builder(subject, authority.subject, key.public_key())
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
    names += [x509.DNSName(host) for host in hosts]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    certificate = builder.sign(authority_key, hashes.SHA256())
    _write_key(key_path, key)
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate_path, key_path


def ensure_signing_key(path: Path) -> Path:
    """A key for signing service account tokens; an earlier one is used again."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The API server reads its public half from here, and knows elliptic keys only in SEC 1.
        form = serialization.PrivateFormat.TraditionalOpenSSL
        _write_key(path, ec.generate_private_key(ec.SECP256R1()), form)
    return path


def _name(common_name: str, organizations: Iterable[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, o) for o in organizations]
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _write_key(
    path: Path,
    key: ec.EllipticCurvePrivateKey,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
) -> None:
    data = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no elliptic curve key")
    return key
