"""A lab's issuer on a clock of the test's own, and what clients do with it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from joserfc import jwt
from joserfc.jwk import KeySet

from infctl.lab.identity import issuer, onetime, prepare
from infctl.lab.identity.office import Office, open_office
from infctl.lab.identity.people import Person, read
from infctl.lab.identity.web import build
from infctl.lab.spec import Lab, Region

REDIRECT = "http://127.0.0.1:8000/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]
DEVICE = issuer.DEVICE_GRANT


@dataclass
class Clock:
    """Seconds since the epoch, as the test says."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def make_lab(folder: Path) -> Lab:
    """A lab's files for an issuer."""
    lab = Lab("test", 16, folder, (Region("eu-west-1", 1),))
    lab.folder().mkdir(parents=True, exist_ok=True)
    prepare(lab)
    return lab


@dataclass
class Running:
    """The issuer over HTTP."""

    lab: Lab
    office: Office
    clock: Clock
    client: TestClient[Request, Application]
    people: dict[str, Person] = field(init=False)

    def __post_init__(self) -> None:
        self.people = read(self.lab)

    def code(self, name: str, steps: int = 0) -> str:
        """Somebody's one-time code, now or some steps from now."""
        counter = onetime.counter_at(self.clock.now) + steps
        return onetime.make(self.people[name].factor, counter)

    def shown(self, name: str, code: str = "") -> dict[str, str]:
        """What somebody fills into a form."""
        return {"name": name, "password": self.people[name].password, "code": code}

    async def post(self, path: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """What an endpoint answers to a client's form."""
        answer = await self.client.post(path, data={"client_id": issuer.CLIENT, **form})
        return answer.status, await _json(answer)

    async def ask_device(self, scope: str = "openid") -> dict[str, Any]:
        """What a device is told."""
        status, found = await self.post("/device_authorization", {"scope": scope})
        assert status == 200, found
        return found

    async def poll(self, device: Mapping[str, Any]) -> dict[str, Any]:
        """What a device gets when it asks for its token."""
        form = {"grant_type": DEVICE, "device_code": str(device["device_code"])}
        return (await self.post("/token", form))[1]

    async def allow(
        self, device: Mapping[str, Any], form: Mapping[str, str], answer: str = "allow"
    ) -> ClientResponse:
        """What somebody is told who lets a device in."""
        data = {"user_code": str(device["user_code"]), "answer": answer, **form}
        return await self.client.post("/device", data=data)

    async def token(self, name: str, code: str = "", scope: str = "openid") -> dict[str, Any]:
        """All tokens of somebody, by the device flow."""
        device = await self.ask_device(scope)
        answer = await self.allow(device, self.shown(name, code))
        assert answer.status == 200, await answer.text()
        return await self.poll(device)

    async def claims(self, token: str) -> dict[str, Any]:
        """What a token says, verified with the keys that the issuer shows."""
        keys = KeySet.import_key_set(await (await self.client.get("/keys")).json())
        return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)

    async def log_in(
        self, form: Mapping[str, str], expect: int = 302, **asked: str
    ) -> dict[str, str]:
        """What the client's page gets after a login in the browser."""
        answer = await self.client.post(
            f"/authorize?{authorize(**asked)}", data=form, allow_redirects=False
        )
        assert answer.status == expect, await answer.text()
        return told(answer) if expect == 302 else {}

    async def redeem(self, code: str, **changed: str) -> tuple[int, dict[str, Any]]:
        """What the token endpoint gives for a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return await self.post("/token", {**form, "code_verifier": VERIFIER, **changed})


def authorize(**changed: str) -> str:
    """The query of an authorization request; an empty value leaves a word out."""
    usual = {
        "client_id": issuer.CLIENT,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "openid groups",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return urlencode({key: value for key, value in {**usual, **changed}.items() if value})


def told(answer: ClientResponse) -> dict[str, str]:
    """What the client's own page is told by a redirection."""
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == REDIRECT
    return {key: values[0] for key, values in parse_qs(parts.query).items()}


def problem(page: str) -> str:
    """The alert on a page."""
    found = re.search(r'role="alert">([^<]*)<', page)
    return found.group(1) if found else ""


async def _json(answer: ClientResponse) -> dict[str, Any]:
    text = await answer.text()
    return dict(await answer.json(content_type=None)) if text else {}


@asynccontextmanager
async def run_issuer(folder: Path) -> AsyncIterator[Running]:
    """An issuer that answers as long as the block lasts."""
    lab, clock = make_lab(folder), Clock()
    office = open_office(lab, clock)
    async with TestClient(TestServer(build(office))) as client:
        yield Running(lab, office, clock, client)
