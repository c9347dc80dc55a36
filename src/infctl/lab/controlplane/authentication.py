"""Whom a region's API server believes beside its own tokens: the lab's issuer."""

from typing import Any, Final

from infctl.lab.controlplane.roles import ELEVATED
from infctl.lab.identity import issuer
from infctl.lab.spec import Lab

PREFIX: Final = "oidc:"
# Without dyn() the server refuses to start: to its checker, claims are of any type.
_GROUPS = (
    f'dyn(claims.groups).map(g, "{PREFIX}" + g)'
    ' + ("otp" in dyn(claims.amr) && int(claims.exp) - int(claims.iat) <= 900'
    f' ? ["{ELEVATED}"] : [])'
)


def configuration(lab: Lab) -> dict[str, Any]:
    """The server's AuthenticationConfiguration; anonymous requests stay refused by its flag.

    The server starts without the issuer and asks for its keys every 10 s until it has them.
    """
    authority = {
        "url": issuer.url(lab),
        "certificateAuthority": lab.ca.read_text(),
        "audiences": [issuer.CLIENT],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [
            {
                "issuer": authority,
                "claimValidationRules": [
                    {"expression": 'claims.sub != ""', "message": "sub must name somebody"}
                ],
                "claimMappings": {
                    "username": {"claim": "sub", "prefix": PREFIX},
                    "groups": {"expression": _GROUPS},
                    "extra": [{"key": "infctl.dev/amr", "valueExpression": "dyn(claims.amr)"}],
                },
            }
        ],
    }
