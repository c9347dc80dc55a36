"""What a token says, and its signature."""

import secrets
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from infctl.lab.identity.desk import Login
from infctl.lab.identity.keys import ALGORITHM


def about(login: Login) -> dict[str, Any]:
    """What the issuer says of somebody, in tokens and to whoever asks with one."""
    person = login.person
    return {
        "sub": person.name,
        "name": person.name,
        "preferred_username": person.name,
        "groups": list(person.groups),
    }


def identity(login: Login, base: str, life: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an ID token; `given` are the protocol's own: aud, iat, nonce, at_hash."""
    return {
        **given,
        **about(login),
        "iss": base,
        "exp": int(given["iat"]) + life,
        "auth_time": login.at,
        "amr": list(login.methods),
        "jti": secrets.token_hex(8),
    }


def sign(claims: Mapping[str, Any], key: ECKey) -> str:
    """A JSON Web Token that names its key."""
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, dict(claims), key)
