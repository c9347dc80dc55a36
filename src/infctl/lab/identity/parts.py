"""The issuer, as the supervisor starts it."""

import sys

from infctl.lab import addresses, pki
from infctl.lab.identity import issuer, people, settings
from infctl.lab.part import Part
from infctl.lab.readiness import http_ok
from infctl.lab.spec import Lab

CERTIFICATE = "identity"


def prepare(lab: Lab) -> None:
    """Write its certificate, people and settings; what is there already is kept."""
    pki.ensure_authority(lab)
    pki.issue(lab, CERTIFICATE, common_name="infctl issuer", addresses=[lab.shared("identity")])
    people.ensure(lab)
    settings.ensure(lab)


def parts(lab: Lab) -> list[Part]:
    """One process, which needs no other.

    It starts with the first: an API server that does not find it asks again only after 10 s.
    """
    prepare(lab)
    base = issuer.url(lab)
    return [
        Part(
            name="identity",
            argv=(sys.executable, "-m", "infctl.lab.identity", "--state", str(lab.state)),
            environment={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
            ready=http_ok(f"{base}/.well-known/openid-configuration", ca=lab.ca),
            addresses=(f"{lab.shared('identity')}:{addresses.IDENTITY_PORT}",),
            detail="OpenID Connect issuer with a second factor",
        )
    ]
