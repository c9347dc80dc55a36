"""What oauthlib asks of us: which codes, devices and tokens there are."""

import time
from collections.abc import Callable
from typing import Any

from oauthlib.oauth2.rfc8628.grant_types.device_code import DeviceCodeGrant

from infctl.lab.identity import claims, issuer
from infctl.lab.identity.clients import Clients
from infctl.lab.identity.keys import Keys
from infctl.lab.identity.settings import Settings
from infctl.lab.identity.store import Code, Device, Grant, Refresh, Store

_SLOWER_SECONDS = 5


class Validator(Clients):
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


def _take(request: Any, grant: Grant) -> bool:
    """Let the request go on with a grant, unless that was revoked."""
    request.grant = grant
    request.user = grant.login.person.name
    request.scopes = list(grant.scopes)
    return not grant.is_revoked
