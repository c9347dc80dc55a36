"""Counts hits and misses by nginx's log lines, which come by UDP, and shows them to Prometheus."""

import asyncio
import re
from collections import defaultdict

from aiohttp import web

_LINE = re.compile(
    rb"answers: (?P<outcome>[A-Z]+|-) (?P<status>\d{3}) (?P<seconds>\d+\.\d{3})"
    rb" (?P<model>[a-z0-9._-]{1,64})$"
)
_MOST_MODELS = 200
Labels = tuple[str, str]


class Accounting(asyncio.DatagramProtocol):
    """Requests and seconds by model and outcome: hit, miss, expired, stale, bypass, updating."""

    def __init__(self) -> None:
        self.requests: dict[Labels, int] = defaultdict(int)
        self.seconds: dict[Labels, float] = defaultdict(float)
        self._models: set[str] = set()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Count one line; what is no line of ours is ignored."""
        del addr
        found = _LINE.search(data.rstrip())
        if not found:
            return
        outcome = found["outcome"].decode().lower().replace("-", "none")
        labels = (self._model(found["model"].decode()), outcome)
        self.requests[labels] += 1
        self.seconds[labels] += float(found["seconds"])

    def text(self) -> str:
        """In Prometheus' text format."""
        lines = ["# TYPE infctl_cache_requests_total counter"]
        lines += [_sample("requests_total", labels, n) for labels, n in self.requests.items()]
        lines.append("# TYPE infctl_cache_request_seconds_total counter")
        lines += [_sample("request_seconds_total", labels, s) for labels, s in self.seconds.items()]
        return "\n".join(lines) + "\n"

    def _model(self, name: str) -> str:
        """Models are named by clients: series are not to grow with their fancy."""
        if len(self._models) < _MOST_MODELS:
            self._models.add(name)
        return name if name in self._models else "other"


def _sample(name: str, labels: Labels, value: float) -> str:
    model, outcome = labels
    return f'infctl_cache_{name}{{model="{model}",outcome="{outcome}"}} {value:.10g}'


async def account(host: str, port: int) -> None:
    """Take log lines by UDP and answer Prometheus by TCP, both on one port, for ever."""
    accounting = Accounting()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: accounting, (host, port))

    async def show(request: web.Request) -> web.Response:
        del request
        return web.Response(text=accounting.text())

    application = web.Application()
    application.router.add_get("/metrics", show)
    runner = web.AppRunner(application, access_log=None)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        await asyncio.Event().wait()
    finally:
        transport.close()
        await runner.cleanup()
