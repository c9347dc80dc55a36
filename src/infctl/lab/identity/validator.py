"""What oauthlib asks of us: which clients, scopes, codes and tokens there are."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from oauthlib.oauth2.rfc8628.grant_types.device_code import DeviceCodeGrant
from oauthlib.openid import RequestValidator

from infctl.lab.identity import claims, issuer
from infctl.lab.identity.keys import Keys
from infctl.lab.identity.settings import Settings
from infctl.lab.identity.store import Code, Device, Grant, Refresh, Store

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SLOWER_SECONDS = 5


class Client:
    """The one client; whoever has a browser or a terminal on this machine is it."""

    client_id = issuer.CLIENT


class Validator(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """Answers from the store; a request's grant is put on it, for whoever is asked next."""

    def __init__(
        self,
        base: str,
        settings: Settings,
        keys: Keys,
        store: Store,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._base = base
        self._settings = settings
        self._keys = keys
        self._store = store
        self._clock = clock

    def life(self, request: Any) -> int:
        """How long a token lives that is asked for now, in seconds."""
        is_elevated = issuer.ELEVATED in (request.scopes or ())
        return self._settings.elevated if is_elevated else self._settings.token

    # Clients

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

    # Authorization codes

    def is_pkce_required(self, client_id: Any, request: Any) -> bool:
        return True

    def save_authorization_code(
        self, client_id: Any, code: dict[str, str], request: Any, *_: Any, **__: Any
    ) -> None:
        grant = Grant(request.login, tuple(request.scopes), request.nonce or "")
        held = Code(grant, request.redirect_uri, request.code_challenge)
        self._store.codes.put(code["code"], held, self._settings.code)

    def validate_code(
        self, client_id: Any, code: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        held = self._store.codes.get(code)
        if held is None:
            return False
        if held.is_used:
            held.grant.is_revoked = True
            return False
        return _take(request, held.grant)

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        held = self._store.codes.get(code)
        return held.challenge if held else None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: Any, code: str, redirect_uri: str, client: Any, request: Any, *_: Any
    ) -> bool:
        held = self._store.codes.get(code)
        return held is not None and held.redirect == redirect_uri

    def invalidate_authorization_code(
        self, client_id: Any, code: str, request: Any, *_: Any, **__: Any
    ) -> None:
        held = self._store.codes.get(code)
        if held:
            held.is_used = True

    def get_authorization_code_nonce(self, *words: Any) -> str | None:
        return words[-1].grant.nonce or None

    # Devices

    def validate_device_code(self, client_id: Any, device_code: str, request: Any) -> str | None:
        device = self._store.devices.get(device_code)
        if device is None:
            return None
        if device.is_denied:
            return str(DeviceCodeGrant.DEVICE_CODE_DENIED)
        if device.ends <= self._clock():
            return str(DeviceCodeGrant.DEVICE_CODE_EXPIRED)
        if device.grant is None:
            return self._poll(device)
        self._store.devices.drop(device_code)
        _take(request, device.grant)
        return str(DeviceCodeGrant.DEVICE_CODE_AUTHORIZED)

    def _poll(self, device: Device) -> str:
        now, before = self._clock(), device.polled
        device.polled = now
        if now - before < device.interval:
            device.interval += _SLOWER_SECONDS
            return str(DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN)
        return str(DeviceCodeGrant.DEVICE_CODE_PENDING)

    # Tokens

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        self._store.access.put(token["access_token"], request.grant, token["expires_in"])
        if "refresh_token" in token:
            held = Refresh(request.grant)
            self._store.refresh.put(token["refresh_token"], held, self._settings.refresh)

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        held = self._store.refresh.get(refresh_token)
        if held is None:
            return False
        if held.is_used:
            held.grant.is_revoked = True
        return _take(request, held.grant)

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any) -> list[str]:
        return list(request.grant.scopes)

    def rotate_refresh_token(self, request: Any) -> bool:
        held = self._store.refresh.get(request.refresh_token)
        if held:
            held.is_used = True
        return True

    def refresh_id_token(self, request: Any) -> bool:
        return True

    def revoke_token(
        self, token: str, token_type_hint: Any, request: Any, *_: Any, **__: Any
    ) -> None:
        refresh = self._store.refresh.get(token)
        grant = refresh.grant if refresh else self._store.access.get(token)
        if grant:
            grant.is_revoked = True

    def validate_bearer_token(self, token: str | None, scopes: Any, request: Any) -> bool:
        grant = self._store.access.get(token or "")
        return grant is not None and _take(request, grant)

    def get_userinfo_claims(self, request: Any) -> dict[str, Any]:
        return claims.about(request.grant.login)

    def finalize_id_token(
        self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Any
    ) -> str:
        now = self._clock()
        given = {**id_token, "iat": int(now), "azp": issuer.CLIENT}
        said = claims.identity(request.grant.login, self._base, request.expires_in, given)
        return claims.sign(said, self._keys.signing(now))

    # What a browser asks for without showing anything is refused: there are no sessions.

    def validate_silent_login(self, request: Any) -> bool:
        return False

    def validate_user_match(self, *_: Any) -> bool:
        return True


def _take(request: Any, grant: Grant) -> bool:
    """Let the request go on with a grant, unless that was revoked."""
    request.grant = grant
    request.user = grant.login.person.name
    request.scopes = list(grant.scopes)
    return not grant.is_revoked


def is_loopback(redirect: str) -> bool:
    """Whether that is a page on this machine, at any port (RFC 8252, section 7.3)."""
    try:
        parts = urlsplit(redirect)
        has_port = parts.port is not None
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return plain and has_port and not (parts.username or parts.password or parts.fragment)
