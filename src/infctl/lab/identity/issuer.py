"""By which names the issuer is known: to clients, to browsers and to the Kubernetes APIs."""

from typing import Final

from infctl.lab import addresses
from infctl.lab.spec import Lab

CLIENT: Final = "infctl"
"""The one client, a public one; the audience of its tokens."""
ELEVATED: Final = "elevated"
"""The scope that asks for a token which lives so short that the APIs give more to it."""
SCOPES: Final = ("openid", "profile", "groups", "offline_access", ELEVATED)
DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS: Final = ("authorization_code", "refresh_token", DEVICE_GRANT)


def url(lab: Lab) -> str:
    """The issuer's name, which is also where it answers."""
    return f"https://{lab.shared('identity')}:{addresses.IDENTITY_PORT}"


def discovery(base: str) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, section 3."""
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "device_authorization_endpoint": f"{base}/device_authorization",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "revocation_endpoint": f"{base}/revoke",
        "jwks_uri": f"{base}/keys",
        "scopes_supported": list(SCOPES),
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "name", "groups", "amr", "auth_time", "nonce"],
    }
