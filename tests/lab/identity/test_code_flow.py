"""Somebody logs in with a browser on this machine: authorization codes with PKCE."""

import pytest
from running_issuer import REDIRECT, Running, authorize, problem, told


async def test_a_code_gives_tokens_with_the_nonce_of_its_request(issuing: Running) -> None:
    back = await issuing.log_in(issuing.shown("operator", issuing.code("operator")), nonce="n-1")
    assert back["state"] == "xyz"
    status, token = await issuing.redeem(back["code"])
    assert status == 200, token
    claims = await issuing.claims(token["id_token"])
    assert (claims["sub"], claims["nonce"], claims["amr"]) == ("operator", "n-1", ["pwd", "otp"])
    assert {"access_token", "refresh_token", "expires_in"} <= token.keys()


async def test_the_form_says_what_is_asked_for(issuing: Running) -> None:
    page = await issuing.client.get(f"/authorize?{authorize()}")
    assert (page.status, page.content_type) == (200, "text/html")
    text = await page.text()
    assert "openid, groups" in text
    assert 'autocomplete="one-time-code"' in text


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "other"},
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://evil.example:8000/callback"},
        {"redirect_uri": "http://127.0.0.1@evil.example:80/"},
        {"redirect_uri": "http://127.0.0.1:8000/callback#here"},
        {"redirect_uri": "http://127.0.0.1:99999/"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_client_that_is_not_known_is_told_nothing(
    issuing: Running, asked: dict[str, str], method: str
) -> None:
    answer = await issuing.client.request(
        method, f"/authorize?{authorize(**asked)}", allow_redirects=False
    )
    assert answer.status == 400
    assert "This cannot be asked" in await answer.text()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": ""}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_what_cannot_be_asked_is_told_at_the_clients_page(
    issuing: Running, asked: dict[str, str], error: str
) -> None:
    answer = await issuing.client.get(f"/authorize?{authorize(**asked)}", allow_redirects=False)
    assert answer.status == 302
    assert told(answer)["error"] == error
    assert told(answer)["state"] == "xyz"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/"}, "invalid_request"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
async def test_a_code_is_bound_to_its_request(
    issuing: Running, changed: dict[str, str], error: str
) -> None:
    back = await issuing.log_in(issuing.shown("viewer"))
    status, found = await issuing.redeem(**{"code": back["code"], **changed})
    assert (status, found["error"]) == (401 if error == "invalid_client" else 400, error)


async def test_a_code_lives_a_minute(issuing: Running) -> None:
    back = await issuing.log_in(issuing.shown("viewer"))
    issuing.clock.now += 60
    assert (await issuing.redeem(back["code"]))[1]["error"] == "invalid_grant"


async def test_a_code_that_comes_twice_ends_what_it_gave(issuing: Running) -> None:
    back = await issuing.log_in(issuing.shown("viewer"))
    _, token = await issuing.redeem(back["code"])
    assert (await issuing.redeem(back["code"]))[1]["error"] == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert (await issuing.post("/token", form))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "viewer", "password": "wrong"}, 401),
        ({"name": "nobody", "password": "wrong"}, 401),
        ({}, 401),
        ({"name": "viewer\x00", "password": "\ufffd"}, 401),
    ],
)
async def test_whoever_is_not_let_in_sees_the_form_again(
    issuing: Running, form: dict[str, str], status: int
) -> None:
    answer = await issuing.client.post(f"/authorize?{authorize()}", data=form)
    assert answer.status == status
    assert "is wrong" in problem(await answer.text())


async def test_elevation_needs_the_second_factor_here_too(issuing: Running) -> None:
    asked = "openid elevated"
    await issuing.log_in(issuing.shown("on-call"), 403, scope=asked)
    form = issuing.shown("on-call", issuing.code("on-call"))
    _, token = await issuing.redeem((await issuing.log_in(form, scope=asked))["code"])
    assert token["expires_in"] == 900


@pytest.mark.parametrize("redirect", ["http://localhost:1/x", "http://[::1]:18000/cb", REDIRECT])
async def test_any_page_on_this_machine_may_be_told(issuing: Running, redirect: str) -> None:
    page = await issuing.client.get(f"/authorize?{authorize(redirect_uri=redirect)}")
    assert page.status == 200
