"""What oauthlib asks of us: which clients and scopes there are, and where answers may go."""

from typing import Any
from urllib.parse import urlsplit

from oauthlib.openid import RequestValidator

from infctl.lab.identity import issuer

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Client:
    """The one client; whoever has a browser or a terminal on this machine is it."""

    client_id = issuer.CLIENT


class Clients(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """One public client, which must use PKCE; there are no sessions, so nothing is silent."""

    def client_authentication_required(self, request: Any, *_: Any, **__: Any) -> bool:
        return False

    def authenticate_client_id(self, client_id: Any, request: Any, *_: Any, **__: Any) -> bool:
        request.client = Client()
        return self.validate_client_id(client_id, request)

    def validate_client_id(self, client_id: Any, request: Any, *_: Any, **__: Any) -> bool:
        return bool(client_id == issuer.CLIENT)

    def validate_grant_type(
        self, client_id: Any, grant_type: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return grant_type in issuer.GRANTS

    def validate_response_type(
        self, client_id: Any, response_type: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return response_type == "code"

    def validate_redirect_uri(
        self, client_id: Any, redirect_uri: str, request: Any, *_: Any, **__: Any
    ) -> bool:
        return is_loopback(redirect_uri)

    def get_default_redirect_uri(self, *_: Any, **__: Any) -> None:
        return None

    def get_default_scopes(self, *_: Any, **__: Any) -> list[str]:
        return ["openid"]

    def validate_scopes(
        self, client_id: Any, scopes: list[str], client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return "openid" in scopes and set(scopes) <= set(issuer.SCOPES)

    def is_pkce_required(self, client_id: Any, request: Any) -> bool:
        return True

    def validate_silent_login(self, request: Any) -> bool:
        return False

    def validate_user_match(self, *_: Any) -> bool:
        return True


def is_loopback(redirect: str) -> bool:
    """Whether that is a page on this machine, at any port (RFC 8252, section 7.3)."""
    try:
        parts = urlsplit(redirect)
        has_port = parts.port is not None
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return plain and has_port and not (parts.username or parts.password or parts.fragment)
