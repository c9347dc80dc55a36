"""The run's socket: decisions come in as JSON lines, one answer each; mode 0600."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

from infctl.engine.decisions import Decision, Decisions, Verb
from infctl.errors import Refused, Unreachable
from infctl.executor.living import Executor, executor_of

SOCKET = "control.sock"
_LIMIT = 64 * 1024
_DEADLINE = 5.0
_PATIENCE = 1.0
"""Seconds that an answer waits for the machine; one that takes back listens at the end only."""
_HUNG = 4.0
"""Seconds without a word of an executor that did not answer either."""
_UNHEARD = "whether it heard what was asked is not known"


class NotListening(Unreachable):
    """No executor takes decisions there now: it starts, it ends, or there is none."""


@contextlib.asynccontextmanager
async def serve(folder: Path, decisions: Decisions) -> AsyncIterator[None]:
    """Take decisions while the block runs."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            answer = await _answer(await reader.readline(), decisions)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    (folder / SOCKET).unlink(missing_ok=True)
    with _short_path(folder) as path:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(path)
    (folder / SOCKET).chmod(0o600)
    server = await asyncio.start_unix_server(talk, sock=listening, limit=_LIMIT)
    try:
        yield
    finally:
        server.close()
        (folder / SOCKET).unlink(missing_ok=True)


def ask(folder: Path, decision: Decision) -> None:
    """Send one decision, and wait until the run has acted on it.

    NotListening where no executor takes it, Refused where it says no, Unreachable where it is
    silent: then nobody knows whether it heard.
    """
    name = f"the executor of run {folder.name}"
    hint = f"infctl runs show {folder.name}; infctl runs resume {folder.name}"
    try:
        with _short_path(folder) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_DEADLINE)
            connection.connect(path)
            connection.sendall(encode(decision) + b"\n")
            answer = json.loads(connection.makefile("rb").readline(_LIMIT))
    except TimeoutError as error:
        raise unanswered(folder, decision) from error
    except (OSError, ValueError) as error:
        raise NotListening(f"{name} does not answer", hint=hint) from error
    if answer.get("ending"):
        raise NotListening(f"{name} is ending", hint=hint)
    if not answer.get("ok"):
        raise Refused(str(answer.get("error", "the executor refused")))


def unanswered(folder: Path, decision: Decision | None = None) -> Unreachable:
    """What to say of an executor that lives and does not answer, with the way on."""
    verb = Verb.UNDO if decision is not None and decision.verb is Verb.UNDO else Verb.RESUME
    run, executor = folder.name, executor_of(folder) or Executor()
    if executor.unheard is not None and executor.unheard >= _HUNG:
        hint = executor.way_on(f"infctl runs {verb} {run}")
        return Unreachable(f"run {run}: {executor.silence()}", hint=hint, unchanged=_UNHEARD)
    what = f"{executor.name} has not answered for {_DEADLINE:g} s"
    return Unreachable(f"run {run}: {what}", hint=f"infctl runs show {run}", unchanged=_UNHEARD)


def is_listening(folder: Path) -> bool:
    """Whether an executor takes decisions there; a socket left by a dead one does not."""
    try:
        with _short_path(folder) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_DEADLINE)
            connection.connect(path)
    except OSError:
        return False
    return True


async def _answer(line: bytes, decisions: Decisions) -> dict[str, object]:
    decision = decode(line)
    if decision is None:
        return {"ok": False, "error": "not a decision"}
    if decisions.is_closed:
        # Also where this one would refuse: the next may not.
        return {"ok": False, "ending": True}
    if problem := _problem(decision):
        return {"ok": False, "error": problem}
    is_heard = await decisions.hand_over(decision, _PATIENCE)
    return {"ok": True} if is_heard else {"ok": False, "ending": True}


def encode(decision: Decision) -> bytes:
    """A decision as one line of JSON, without its end."""
    return json.dumps(asdict(decision)).encode()


def decode(line: bytes) -> Decision | None:
    """A decision from a line; None where it is none."""
    try:
        data = json.loads(line)
        return Decision(
            Verb(data["verb"]),
            str(data.get("by", ""))[:200],
            str(data.get("reason", ""))[:2000],
            str(data.get("step", ""))[:200],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _problem(decision: Decision) -> str:
    """What a decision lacks, or an empty text."""
    if decision.verb in (Verb.SKIP, Verb.UNGRACEFUL) and not decision.reason.strip():
        return f"{decision.verb} needs a reason"
    if decision.verb is Verb.ADOPT:
        return "a run that has an executor needs no adoption"
    if decision.verb is Verb.ANSWER and not (decision.step and decision.reason.strip()):
        return "an answer needs a step and words"
    return ""


@contextlib.contextmanager
def _short_path(folder: Path):  # type: ignore[no-untyped-def]
    """A path to the socket that fits into the kernel's 107 bytes, however deep the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
