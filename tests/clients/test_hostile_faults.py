"""Whatever answers as a fault injector, the client ends in time with an error that can be shown."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hostile_server import BEHAVIOURS, ESCAPES, Behaviour, accept, answer

import infctl.clients.fault_injector
from infctl.clients.fault_injector import FaultInjector
from infctl.errors import InfctlError, Unreachable
from infctl.model.text import clean

PATIENCE = 0.8
MARGIN = 1.5


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "CALL_SECONDS", "HEAL_SECONDS"):
        monkeypatch.setattr(infctl.clients.fault_injector, name, PATIENCE)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "s"
        listener.bind(str(path))
        listener.listen(8)
        arguments = (listener, behaviour, None)
        threading.Thread(target=accept, args=arguments, daemon=True).start()
        yield path


VERBS = {
    "active": lambda faults: faults.active(),
    "inject": lambda faults: faults.inject("f", "kill", "region/x", 1.0),
    "heal": lambda faults: faults.heal("f"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("behaviour", [b for b in BEHAVIOURS if b != "JSON of another shape"])
async def test_what_is_no_answer_is_unreachable(behaviour: str, verb: str) -> None:
    started = time.monotonic()
    with serving(BEHAVIOURS[behaviour]) as path, pytest.raises(InfctlError) as caught:
        await VERBS[verb](FaultInjector(path))
    assert time.monotonic() - started < PATIENCE + MARGIN
    assert isinstance(caught.value, Unreachable)
    assert caught.value.what == clean(caught.value.what)


@pytest.mark.parametrize(
    "body", [json.dumps({"error": f"no {ESCAPES}"}).encode(), b"[]", b'{"error": {}}']
)
async def test_a_refusal_is_told(body: bytes) -> None:
    with serving(answer(body, 400)) as path, pytest.raises(InfctlError) as caught:
        await FaultInjector(path).renew("f", 1.0)
    assert "refuses" in caught.value.what
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.what == clean(caught.value.what)


@pytest.mark.parametrize(
    "body", [b'{"status": 1}', b'{"faults": {}}', b'{"faults": [1]}', b'{"faults": [{"id": "a"}]}']
)
async def test_faults_of_another_shape_are_none(body: bytes) -> None:
    with serving(answer(body)) as path, pytest.raises(Unreachable, match="does not speak"):
        await FaultInjector(path).active()
