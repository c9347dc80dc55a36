"""The readiness path's answer."""

from typing import Any

import pytest

from infctl.lab.images.mlserver_onnx.model_server.gate import READY_PATH, Gate, GateMiddleware


async def ask(gate: Gate, path: str) -> list[dict[str, Any]]:
    """What is sent for a request; other paths reach an application that sends its name."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def app(*_: object) -> None:
        await send({"type": "app"})

    await GateMiddleware(app, gate)({"type": "http", "path": path}, None, send)
    return sent


async def test_it_says_no_with_the_reason_until_it_is_opened() -> None:
    gate = Gate()
    gate.explain("warm-up")
    start, body = await ask(gate, READY_PATH)
    assert start["status"] == 503
    assert b"warm-up" in body["body"]
    gate.open()
    start, body = await ask(gate, READY_PATH)
    assert start["status"] == 200


async def test_once_shut_it_never_opens_again() -> None:
    gate = Gate()
    gate.shut("ending")
    gate.explain("warm-up")
    gate.open()
    start, body = await ask(gate, READY_PATH)
    assert start["status"] == 503
    assert b"ending" in body["body"]


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready/", "/"])
async def test_other_paths_are_not_its_own(path: str) -> None:
    assert await ask(Gate(), path) == [{"type": "app"}]
