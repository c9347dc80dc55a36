"""A device asks, somebody lets it in elsewhere, and it gets its tokens (RFC 8628)."""

import pytest
from running_issuer import Running, problem

from infctl.lab.identity.store import normalize


async def test_a_device_that_was_let_in_gets_tokens_that_say_who(issuing: Running) -> None:
    device = await issuing.ask_device("openid groups")
    assert (device["interval"], device["expires_in"]) == (5, 600)
    assert device["verification_uri_complete"].endswith(f"/device?user_code={device['user_code']}")
    assert (await issuing.allow(device, issuing.shown("viewer"))).status == 200
    token = await issuing.poll(device)
    claims = await issuing.claims(token["id_token"])
    assert claims["sub"] == "viewer"
    assert claims["groups"] == ["viewers"]
    assert claims["amr"] == ["pwd"]
    assert (claims["iss"], claims["aud"]) == (issuing.office.base, "infctl")
    assert claims["exp"] - claims["iat"] == token["expires_in"] == 3600
    assert claims["auth_time"] == int(issuing.clock.now)


async def test_a_device_code_is_good_once(issuing: Running) -> None:
    device = await issuing.ask_device()
    await issuing.allow(device, issuing.shown("viewer"))
    assert "id_token" in await issuing.poll(device)
    assert (await issuing.poll(device))["error"] == "invalid_grant"


async def test_it_waits_and_is_told_to_slow_down_where_it_asks_too_often(issuing: Running) -> None:
    device = await issuing.ask_device()
    told = []
    for seconds in (0, 5, 4, 6, 10):
        issuing.clock.now += seconds
        told.append((await issuing.poll(device))["error"])
    pending = "authorization_pending"
    # Each time it is too quick the pause grows by five seconds.
    assert told == [pending, pending, "slow_down", "slow_down", "slow_down"]
    issuing.clock.now += 20
    assert (await issuing.poll(device))["error"] == pending


async def test_a_device_that_was_refused_is_told_so(issuing: Running) -> None:
    device = await issuing.ask_device()
    assert (await issuing.allow(device, {}, answer="deny")).status == 200
    assert (await issuing.poll(device))["error"] == "access_denied"
    late = await issuing.allow(device, issuing.shown("viewer"))
    assert late.status == 401


async def test_after_ten_minutes_both_codes_are_too_old(issuing: Running) -> None:
    device = await issuing.ask_device()
    issuing.clock.now += 600
    assert (await issuing.poll(device))["error"] == "expired_token"
    answer = await issuing.allow(device, issuing.shown("viewer"))
    assert (answer.status, "too old" in problem(await answer.text())) == (401, True)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "other"}, "invalid_request"),
        ({"client_id": ""}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": "groups"}, "invalid_scope"),
    ],
)
async def test_a_device_that_asks_wrongly_is_told_what_is_wrong(
    issuing: Running, form: dict[str, str], error: str
) -> None:
    status, found = await issuing.post("/device_authorization", form)
    assert (status, found["error"]) == (400, error)


async def test_an_unknown_device_code_is_an_invalid_grant(issuing: Running) -> None:
    assert (await issuing.poll({"device_code": "made-up"}))["error"] == "invalid_grant"


async def test_a_form_that_curl_did_not_encode_is_understood(issuing: Running) -> None:
    body = b"client_id=infctl&scope=openid groups"
    header = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await issuing.client.post("/device_authorization", data=body, headers=header)
    assert (answer.status, (await answer.json())["scope"]) == (200, "openid groups")


async def test_the_code_is_found_however_it_is_typed(issuing: Running) -> None:
    device = await issuing.ask_device()
    typed = f" {normalize(device['user_code']).lower()} "
    answer = await issuing.allow({"user_code": typed}, issuing.shown("viewer"))
    assert answer.status == 200
    assert "id_token" in await issuing.poll(device)


async def test_the_page_says_what_is_asked_for(issuing: Running) -> None:
    device = await issuing.ask_device("openid elevated")
    page = await issuing.client.get("/device", params={"user_code": device["user_code"]})
    text = await page.text()
    assert "openid, elevated" in text
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_codes_of_devices_cannot_be_guessed_many_times_a_minute(issuing: Running) -> None:
    device = await issuing.ask_device()
    for _ in range(10):
        answer = await issuing.client.get("/device", params={"user_code": "BBBB-BBBB"})
        assert answer.status == 401
    refused = await issuing.allow(device, issuing.shown("viewer"))
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    issuing.clock.now += 60
    assert (await issuing.allow(device, issuing.shown("viewer"))).status == 200


async def test_what_is_typed_comes_back_harmless(issuing: Running) -> None:
    answer = await issuing.allow({"user_code": '"><script>x</script>'}, issuing.shown("viewer"))
    assert "<script>" not in await answer.text()


@pytest.mark.parametrize(
    ("name", "with_code", "status", "what"),
    [
        ("on-call", True, 200, ""),
        ("on-call", False, 403, "need the one-time code"),
        ("operator", True, 403, "only members of on-call"),
        ("viewer", False, 403, "only members of on-call"),
    ],
)
async def test_elevation_is_for_the_one_on_call_with_a_second_factor(
    issuing: Running, name: str, with_code: bool, status: int, what: str
) -> None:
    device = await issuing.ask_device("openid elevated")
    code = issuing.code(name) if with_code else ""
    answer = await issuing.allow(device, issuing.shown(name, code))
    assert answer.status == status
    assert what in problem(await answer.text())
    if status != 200:
        assert (await issuing.poll(device))["error"] == "authorization_pending"
        return
    token = await issuing.poll(device)
    claims = await issuing.claims(token["id_token"])
    assert claims["exp"] - claims["iat"] == 900
    assert claims["amr"] == ["pwd", "otp"]
    assert "refresh_token" not in token, "each elevation takes a login"
