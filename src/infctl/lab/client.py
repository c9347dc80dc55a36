"""Talks to a lab's supervisor over its unix socket, for the command line."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from infctl.lab.errors import LabError, NotRunning


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    path: Path, method: str, route: str, body: object = None, *, timeout: float = 5.0
) -> dict[str, Any]:
    """One request; NotRunning where nobody answers, LabError with the supervisor's refusal."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request(method, route, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        status = answer.status
        content: dict[str, Any] = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotRunning(
            f"the lab's supervisor does not answer ({type(error).__name__})", "infctl lab up"
        ) from error
    finally:
        connection.close()
    if status >= http.client.BAD_REQUEST:
        raise LabError(str(content.get("error", status)), str(content.get("hint", "")))
    return content
