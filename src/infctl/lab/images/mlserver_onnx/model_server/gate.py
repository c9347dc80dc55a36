"""The readiness path: it says yes after the warm-up and no from the first sign of the end."""

import json
from typing import Any

READY_PATH = "/v2/health/ready"


class Gate:
    """Whether this server is ready, and why not. Once shut for good it never opens again."""

    def __init__(self) -> None:
        self.reason = "starting"
        self._final = False

    def open(self) -> None:
        """Ready from now on."""
        if not self._final:
            self.reason = ""

    def explain(self, reason: str) -> None:
        """Not ready yet, and why."""
        if not self._final:
            self.reason = reason

    def shut(self, reason: str) -> None:
        """Never ready again."""
        self.reason, self._final = reason, True


class GateMiddleware:
    """Answers the readiness path from a gate: MLServer's own says yes before a model is loaded."""

    def __init__(self, app: Any, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http" or scope["path"] != READY_PATH:
            await self._app(scope, receive, send)
            return
        reason = self._gate.reason
        body = json.dumps({"ready": not reason, "reason": reason}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        status = 503 if reason else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
