"""The issuer over HTTP: discovery, keys, the protocol's endpoints, and the forms for people."""

import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error

from infctl.lab.identity import issuer, pages
from infctl.lab.identity.desk import Login, Refused
from infctl.lab.identity.office import Office, check_elevation, grant

log = logging.getLogger(__name__)
_OFFICE = web.AppKey("office", Office)
_LARGEST = 16 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Answer = tuple[Mapping[str, str], Any, int]


def build(office: Office) -> web.Application:
    """The application of an office."""
    app = web.Application(client_max_size=_LARGEST, middlewares=[_guard])
    app[_OFFICE] = office
    app.router.add_get("/.well-known/openid-configuration", _discovery)
    app.router.add_get("/keys", _keys)
    app.router.add_get("/authorize", _show_login)
    app.router.add_post("/authorize", _log_in)
    app.router.add_get("/device", _show_device)
    app.router.add_post("/device", _answer_device)
    app.router.add_post("/device_authorization", _add_device)
    app.router.add_post("/token", _token)
    app.router.add_post("/revoke", _revoke)
    app.router.add_get("/userinfo", _userinfo)
    app.router.add_post("/userinfo", _userinfo)
    return app


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What clients do wrong is told as the protocol says; nothing is kept by caches."""
    try:
        response = await handler(request)
    except OAuth2Error as error:
        response = _respond((error.headers, error.json, error.status_code))
    except ValueError as error:
        # oauthlib's word for a query or a form that is none; its text would repeat all of that.
        log.info("%s is no request: %s", request.path, type(error).__name__)
        problem = json.dumps({"error": "invalid_request"})
        response = _respond(({}, problem, web.HTTPBadRequest.status_code))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _discovery(request: web.Request) -> web.Response:
    return web.json_response(issuer.discovery(request.app[_OFFICE].base))


async def _keys(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    return web.json_response(office.keys.public(office.clock()))


async def _token(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    return _respond(office.authorization.create_token_response(*await _read(request)))


async def _revoke(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    return _respond(office.authorization.create_revocation_response(*await _read(request)))


async def _userinfo(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    return _respond(office.authorization.create_userinfo_response(*await _read(request)))


async def _add_device(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    read = await _read(request)
    _, data, status = office.devices.create_device_authorization_response(*read)
    office.add_device(data)
    return web.json_response(data, status=status)


async def _show_login(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    asked = _asked(office, request)
    return asked if isinstance(asked, web.Response) else _html(pages.login(asked))


async def _log_in(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    asked = _asked(office, request)
    if isinstance(asked, web.Response):
        return asked
    try:
        login = await _let_in(office, request)
        check_elevation(login, asked)
    except Refused as refused:
        return _refuse(pages.login(asked, refused.what), refused)
    made = office.authorization.create_authorization_response(
        f"{office.base}{request.path_qs}", scopes=list(asked), credentials={"login": login}
    )
    return _respond(made)


def _asked(office: Office, request: web.Request) -> tuple[str, ...] | web.Response:
    """The scopes that a client asks for; where it asks wrongly, what it is told.

    It is told at its own address where that is known to be one, else the browser is.
    """
    try:
        scopes, _ = office.authorization.validate_authorization_request(
            f"{office.base}{request.path_qs}"
        )
    except OAuth2Error as error:
        if _is_fatal(error):
            page = pages.told("This cannot be asked", error.description or error.error)
            return _html(page, web.HTTPBadRequest.status_code)
        return web.Response(status=302, headers={"Location": error.in_uri(error.redirect_uri)})
    return tuple(scopes)


async def _show_device(request: web.Request) -> web.Response:
    user_code = request.query.get("user_code", "")
    if not user_code:
        return _html(pages.device(""))
    try:
        device = request.app[_OFFICE].waiting(user_code)
    except Refused as refused:
        return _refuse(pages.device("", problem=refused.what), refused)
    return _html(pages.device(user_code, device.scopes))


async def _answer_device(request: web.Request) -> web.Response:
    office = request.app[_OFFICE]
    form = await request.post()
    user_code = str(form.get("user_code", ""))
    scopes: tuple[str, ...] = ()
    try:
        device = office.waiting(user_code)
        if form.get("answer") == "deny":
            device.is_denied = True
            return _html(pages.told("Refused", "The device was refused."))
        scopes = device.scopes
        device.grant = grant(await _let_in(office, request), scopes)
    except Refused as refused:
        return _refuse(pages.device(user_code, scopes, refused.what), refused)
    return _html(pages.told("Done", "The device was let in; you can close this page."))


async def _let_in(office: Office, request: web.Request) -> Login:
    form = await request.post()
    name, password, code = (str(form.get(key, "")) for key in ("name", "password", "code"))
    return office.desk.let_in(name, password, code.replace(" ", ""))


def _is_fatal(error: OAuth2Error) -> bool:
    """Whether the client's address is not to be trusted (RFC 6749, section 4.1.2.1)."""
    return isinstance(error, FatalClientError) or not error.redirect_uri


async def _read(request: web.Request) -> tuple[str, str, str, dict[str, str]]:
    """A request as oauthlib wants it; its address is ours, whatever the client called us.

    The form is written anew: oauthlib sees none where something is not encoded to the letter.
    """
    uri = f"{request.app[_OFFICE].base}{request.path_qs}"
    form = [(key, str(value)) for key, value in (await request.post()).items()]
    return uri, request.method, urlencode(form), dict(request.headers)


def _respond(answer: Answer) -> web.Response:
    headers, body, status = answer
    return web.Response(status=status, headers=dict(headers), text=body or "")


def _html(page: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=page, content_type="text/html")


def _refuse(page: str, refused: Refused) -> web.Response:
    response = _html(page, refused.status)
    if refused.wait:
        response.headers["Retry-After"] = str(math.ceil(refused.wait))
    return response
