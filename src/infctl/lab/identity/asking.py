"""A client of the issuer: the device flow, with the person's part done from the lab's own files."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode

from infctl.lab import addresses
from infctl.lab.errors import LabError
from infctl.lab.identity import files, issuer, onetime, people
from infctl.lab.identity.desk import last_used, used_path
from infctl.lab.identity.people import Person
from infctl.lab.spec import Lab

_SECONDS = 10.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_OK = 200
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Token:
    """An ID token, and when it ends, in seconds since the epoch."""

    text: str
    ends: float


def person_of(lab: Lab, name: str) -> Person:
    """Somebody of a lab; LabError for an unknown name."""
    everybody = people.read(lab)
    if name not in everybody:
        known = ", ".join(everybody)
        raise LabError(f"there is no user {name[:40]!r} in the lab {lab.name}", f"one of: {known}")
    return everybody[name]


def make_code(lab: Lab, person: Person, wait: Callable[[float], None] = time.sleep) -> str:
    """A one-time code that was not used yet; waits for it where the last ones were."""
    if not person.factor:
        raise LabError(f"{person.name} has no second factor", "infctl lab users")
    last = last_used(used_path(files.folder(lab)), person.name)
    counter, seconds = onetime.next_unused(time.time(), last)
    if seconds:
        wait(seconds)
    return onetime.make(person.factor, counter)


def obtain(lab: Lab, person: Person, code: str = "", *, is_elevated: bool = False) -> Token:
    """A token as a device gets it; LabError where the issuer refuses, or does not answer."""
    context = ssl.create_default_context(cafile=str(lab.ca))
    host, port = lab.shared("identity"), addresses.IDENTITY_PORT
    connection = HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    try:
        return _obtain(connection, person, code, is_elevated)
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise LabError(
            f"the issuer {issuer.url(lab)} does not answer: {type(error).__name__}",
            f"infctl lab logs identity --name {lab.name}",
        ) from error
    finally:
        connection.close()


def _obtain(connection: HTTPSConnection, person: Person, code: str, is_elevated: bool) -> Token:
    client = {"client_id": issuer.CLIENT}
    scopes = ["openid", "groups", *([issuer.ELEVATED] if is_elevated else [])]
    device = _post(connection, "/device_authorization", {**client, "scope": " ".join(scopes)})
    shown = {"name": person.name, "password": person.password, "code": code, "answer": "allow"}
    _allow(connection, {**shown, "user_code": device["user_code"]})
    given = {**client, "grant_type": issuer.DEVICE_GRANT, "device_code": device["device_code"]}
    token = _post(connection, "/token", given)
    return Token(token["id_token"], time.time() + token["expires_in"])


def _allow(connection: HTTPSConnection, form: Mapping[str, str]) -> None:
    answer = _send(connection, "/device", form)
    answer.read()
    if answer.status == _TOO_MANY:
        seconds = answer.headers.get("Retry-After", "60")
        raise LabError(f"too many wrong guesses for {form['name']}", f"wait {seconds} s")
    if answer.status != _OK:
        raise LabError(
            f"the issuer refuses {form['name']}: the code is wrong or was used, or elevation"
            " is not theirs to ask for",
            "infctl lab users",
        )


def _post(connection: HTTPSConnection, path: str, form: Mapping[str, str]) -> dict[str, Any]:
    answer = _send(connection, path, form)
    found: dict[str, Any] = json.loads(answer.read())
    if answer.status != _OK:
        raise LabError(f"the issuer refuses: {found['error']}", "infctl lab logs identity")
    return found


def _send(connection: HTTPSConnection, path: str, form: Mapping[str, str]) -> HTTPResponse:
    connection.request("POST", path, urlencode(form), _FORM)
    return connection.getresponse()
