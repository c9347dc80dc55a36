"""What happens to tokens after they were issued: refreshing, revoking, asking, keys that change."""

import json
import stat
from typing import Any

import pytest
from joserfc.errors import InvalidKeyIdError
from running_issuer import Running

from infctl.lab.identity import files


async def refresh(issuing: Running, token: dict[str, Any], **changed: str) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], **changed}
    return (await issuing.post("/token", form))[1]


async def who(issuing: Running, token: str) -> tuple[int, dict[str, Any]]:
    header = {"Authorization": f"Bearer {token}"}
    answer = await issuing.client.get("/userinfo", headers=header)
    return answer.status, json.loads(await answer.text() or "{}")


async def test_a_refresh_token_is_good_once_and_says_the_same(issuing: Running) -> None:
    first = await issuing.token("operator", issuing.code("operator"))
    issuing.clock.now += 3000
    second = await refresh(issuing, first)
    before = await issuing.claims(first["id_token"])
    after = await issuing.claims(second["id_token"])
    assert {key: after[key] for key in ("sub", "amr", "auth_time", "groups")} == {
        key: before[key] for key in ("sub", "amr", "auth_time", "groups")
    }
    assert after["exp"] == before["exp"] + 3000
    assert second["refresh_token"] != first["refresh_token"]


async def test_a_refresh_token_used_twice_ends_all_that_came_of_it(issuing: Running) -> None:
    first = await issuing.token("viewer")
    second = await refresh(issuing, first)
    assert (await who(issuing, second["access_token"]))[0] == 200
    assert (await refresh(issuing, first))["error"] == "invalid_grant"
    assert (await refresh(issuing, second))["error"] == "invalid_grant"
    assert (await who(issuing, second["access_token"]))[0] == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"refresh_token": "made-up"}, "invalid_grant"),
        ({"scope": "openid elevated"}, "invalid_scope"),
        ({"client_id": "other"}, "invalid_client"),
    ],
)
async def test_a_refresh_token_gives_no_more_than_it_had(
    issuing: Running, changed: dict[str, str], error: str
) -> None:
    token = await issuing.token("on-call", issuing.code("on-call"))
    assert (await refresh(issuing, token, **changed))["error"] == error


async def test_a_refresh_token_lives_a_working_day(issuing: Running) -> None:
    token = await issuing.token("viewer")
    issuing.clock.now += 8 * 3600
    assert (await refresh(issuing, token))["error"] == "invalid_grant"


async def test_whoever_asks_with_an_access_token_is_told_whose_it_is(issuing: Running) -> None:
    token = await issuing.token("on-call")
    status, found = await who(issuing, token["access_token"])
    assert (status, found["sub"], found["groups"]) == (200, "on-call", ["operators", "on-call"])
    issuing.clock.now += 3600
    assert (await who(issuing, token["access_token"]))[0] == 401
    assert (await who(issuing, token["id_token"]))[0] == 401


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "x"}])
async def test_whoever_asks_without_one_is_refused(
    issuing: Running, header: dict[str, str]
) -> None:
    answer = await issuing.client.get("/userinfo", headers=header)
    assert answer.status == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_token_that_was_revoked_takes_the_others_with_it(
    issuing: Running, kind: str
) -> None:
    token = await issuing.token("viewer")
    assert (await issuing.post("/revoke", {"token": token[kind]}))[0] == 200
    assert (await who(issuing, token["access_token"]))[0] == 401
    assert (await refresh(issuing, token))["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "status"),
    [({"token": "made-up"}, 200), ({}, 400), ({"token": "x", "client_id": "other"}, 401)],
)
async def test_revoking_what_is_none_says_what_the_rfc_says(
    issuing: Running, form: dict[str, str], status: int
) -> None:
    assert (await issuing.post("/revoke", form))[0] == status


async def test_discovery_names_endpoints_that_are_there(issuing: Running) -> None:
    found = await (await issuing.client.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == issuing.office.base
    for name in ("authorization", "token", "userinfo", "revocation", "device_authorization"):
        path = found[f"{name}_endpoint"].removeprefix(issuing.office.base)
        answer = await issuing.client.post(path, data={})
        assert answer.status in (400, 401), path


async def test_an_old_key_is_shown_as_long_as_its_tokens_live(issuing: Running) -> None:
    token = await issuing.token("viewer")
    issuing.office.keys.rotate(issuing.clock.now)
    other = await issuing.token("viewer")
    assert await issuing.claims(token["id_token"])
    assert await issuing.claims(other["id_token"])
    issuing.clock.now += 3600 + 60
    issuing.office.keys.rotate(issuing.clock.now)
    with pytest.raises(InvalidKeyIdError):
        await issuing.claims(token["id_token"])


async def test_keys_change_by_themselves_and_are_the_owners_alone(issuing: Running) -> None:
    keys = [issuing.office.keys.signing(issuing.clock.now).kid]
    issuing.clock.now += 24 * 3600
    shown = (await (await issuing.client.get("/keys")).json())["keys"]
    assert shown[0]["kid"] not in keys
    assert shown[1]["kid"] in keys
    assert not {"d"} & set().union(*shown)
    path = files.folder(issuing.lab) / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"grant_type=%zz&;=\x00", "application/x-www-form-urlencoded"),
        (b'{"grant_type": "refresh_token"}', "application/json"),
        (b"", "application/x-www-form-urlencoded"),
        (b"a=" + b"b" * 20000, "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("path", ["/token", "/revoke", "/device_authorization"])
async def test_what_is_no_form_is_a_bad_request(
    issuing: Running, path: str, body: bytes, kind: str
) -> None:
    answer = await issuing.client.post(path, data=body, headers={"Content-Type": kind})
    assert answer.status in (400, 401, 413)
