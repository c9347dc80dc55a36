"""oauthlib's endpoints, put together with the grants that we have and no others."""

import json
from typing import Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.endpoints import (
    AuthorizationEndpoint,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.oauth2.rfc8628.endpoints import DeviceAuthorizationEndpoint
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant
from oauthlib.openid.connect.core.endpoints import UserInfoEndpoint
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant
from oauthlib.openid.connect.core.grant_types.base import GrantTypeBase

from infctl.lab.identity import issuer
from infctl.lab.identity.settings import Settings
from infctl.lab.identity.store import make_user_code
from infctl.lab.identity.validator import Validator


class Tokens(BearerToken):  # type: ignore[misc]  # oauthlib has no types
    """Access tokens, with a refresh token unless they are elevated: that takes a login each."""

    def create_token(
        self, request: Any, refresh_token: bool = False, **words: Any
    ) -> dict[str, Any]:
        may_refresh = refresh_token and issuer.ELEVATED not in request.scopes
        made: dict[str, Any] = super().create_token(request, may_refresh, **words)
        return made


class DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    """oauthlib's grant for devices, with the ID token that OpenID Connect wants."""

    def __init__(self, validator: Validator) -> None:
        super().__init__(validator)
        self._identity = GrantTypeBase()
        self._identity.proxy_target = self

    def create_token_response(
        self, request: Any, token_handler: Any
    ) -> tuple[dict[str, str], str, int]:
        headers = self._get_default_headers()
        try:
            self.validate_token_request(request)
        except errors.OAuth2Error as error:
            return {**headers, **error.headers}, error.json, error.status_code
        token = token_handler.create_token(request, refresh_token=True)
        token = self._identity.add_id_token(token, token_handler, request)
        self.request_validator.save_token(token, request)
        return headers, json.dumps(token), 200


class Authorization(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint, UserInfoEndpoint):  # type: ignore[misc]
    """Authorization codes, devices, refreshing, revoking, and what is said of whom."""

    def __init__(self, validator: Validator) -> None:
        tokens = Tokens(validator, expires_in=validator.life)
        codes = AuthorizationCodeGrant(validator)
        codes.custom_validators.pre_auth.append(_only_s256)
        grants = {
            "authorization_code": codes,
            "refresh_token": RefreshTokenGrant(validator),
            issuer.DEVICE_GRANT: DeviceGrant(validator),
        }
        AuthorizationEndpoint.__init__(self, "code", tokens, {"code": codes})
        TokenEndpoint.__init__(self, "authorization_code", tokens, grants)
        RevocationEndpoint.__init__(self, validator)
        UserInfoEndpoint.__init__(self, validator)


def device_endpoint(
    validator: Validator, base: str, settings: Settings
) -> DeviceAuthorizationEndpoint:
    """Where a device asks for codes."""
    return DeviceAuthorizationEndpoint(
        validator,
        f"{base}/device",
        expires_in=settings.device,
        interval=settings.interval,
        verification_uri_complete=f"{base}/device?user_code={{user_code}}",
        user_code_generator=make_user_code,
    )


def _only_s256(request: Any) -> dict[str, Any]:
    """Refuse the challenges that say the verifier itself."""
    if request.code_challenge and request.code_challenge_method != "S256":
        raise errors.UnsupportedCodeChallengeMethodError(request=request)
    return {}
