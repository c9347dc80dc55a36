"""MLServer with our device, our readiness and an orderly end."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence

from mlserver import MLServer, ModelSettings, Settings
from mlserver.logging import logger as mlserver_logger
from mlserver.registry import MultiModelRegistry
from mlserver.rest import server as rest_server

from . import measurements
from .configuration import Configuration
from .device import Device
from .gate import Gate, GateMiddleware
from .runtime import OnnxModel, settings_of
from .session import Session
from .warmup import Round, WarmUp, WarmUpError

_LOOK_SECONDS = 0.01
_AGAIN_SECONDS = 0.2
# Models come and go by rollout; nobody unloads one through the gateway.
_CLOSED_PATHS = "/v2/repository/"
log = logging.getLogger("mlserver.infctl")


class ModelServer(MLServer):  # type: ignore[misc]
    """MLServer that serves loaded sessions, on one device."""

    def __init__(self, settings: Settings, sessions: Sequence[Session], device: Device) -> None:
        self._sessions = {(s.model.name, s.model.version): s for s in sessions}
        self._device = device
        super().__init__(settings)

    def guard(self, gate: Gate) -> None:
        """Answer the readiness path from the gate, and close what nobody may use."""
        app = self._rest_server._app  # noqa: SLF001
        app.router.routes[:] = [
            route for route in app.router.routes if not route.path.startswith(_CLOSED_PATHS)
        ]
        app.add_middleware(GateMiddleware, gate=gate)

    async def wait_until_serving(self) -> None:
        """Return once both ports listen and all models can be asked."""
        # MLServer tells nobody when it is there.
        while not (self._listens() and await self._has_all()):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)

    def _listens(self) -> bool:
        servers = (self._rest_server, self._metrics_server)
        return all(getattr(getattr(s, "_server", None), "started", False) for s in servers)

    async def _has_all(self) -> bool:
        models = list(await self._model_registry.get_models())
        return len(models) == len(self._sessions) and all(model.ready for model in models)

    def _create_model_registry(self) -> MultiModelRegistry:
        return MultiModelRegistry(model_initialiser=self._make)

    def _make(self, settings: ModelSettings) -> OnnxModel:
        return OnnxModel(settings, self._sessions[settings.name, settings.version], self._device)

    def _add_signal_handlers(self) -> None:
        """None of MLServer's: the end has an order, see `serve`."""


def run(configuration: Configuration, sessions: Sequence[Session]) -> None:
    """Serve on uvloop where the platform has it."""
    try:
        from uvloop import run as run_loop
    except ImportError:
        run_loop = asyncio.run
    run_loop(serve(configuration, sessions))


async def serve(configuration: Configuration, sessions: Sequence[Session]) -> None:
    """Serve until SIGTERM or SIGINT, and until the requests that run then are answered."""
    gate = Gate()
    device = Device(configuration.slots, configuration.service_time, configuration.queue_limit)
    measurements.watch_device(device)
    measurements.watch_readiness(lambda: not gate.reason)
    server = ModelServer(_settings(configuration), sessions, device)
    server.guard(gate)
    ending = _end_on_signals(server, gate, configuration.drain)
    warming = asyncio.create_task(_warm_up(server, gate, configuration, sessions))
    try:
        await server.start([settings_of(session) for session in sessions])
    finally:
        for task in (warming, *ending):
            task.cancel()
        await asyncio.gather(warming, *ending, return_exceptions=True)


def _settings(configuration: Configuration) -> Settings:
    # uvicorn would take the signals to itself and end at once.
    rest_server.uvicorn.Server.capture_signals = lambda _: contextlib.nullcontext()
    mlserver_logger.propagate = False
    return Settings(
        host=configuration.host, debug=False, parallel_workers=0, load_models_at_startup=False
    )


def _end_on_signals(server: ModelServer, gate: Gate, drain: float) -> list["asyncio.Task[None]"]:
    tasks: list[asyncio.Task[None]] = []

    def end() -> None:
        if not tasks:
            tasks.append(asyncio.create_task(_end(server, gate, drain)))

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    return tasks


async def _end(server: ModelServer, gate: Gate, drain: float) -> None:
    """Not ready first; gateways learn of it while requests are still taken."""
    gate.shut("ending")
    log.info("ending: not ready from now on, requests are taken for %.1f s more", drain)
    await asyncio.sleep(drain)
    await server.wait_until_serving()
    await server.stop()


async def _warm_up(
    server: ModelServer, gate: Gate, configuration: Configuration, sessions: Sequence[Session]
) -> None:
    """Round after round, until each version's p99 is under the ceiling; only then ready."""
    await server.wait_until_serving()
    warm_up = WarmUp(
        host=configuration.host,
        port=server._settings.http_port,  # noqa: SLF001
        requests=configuration.warmup_requests,
        connections=configuration.slots,
    )
    for session in sessions:
        ceiling = configuration.latency_ceiling
        while not await _is_warm(warm_up, session, gate, ceiling):  # noqa: ASYNC110
            await asyncio.sleep(_AGAIN_SECONDS)
    gate.open()
    log.info("ready")


async def _is_warm(warm_up: WarmUp, session: Session, gate: Gate, ceiling: float) -> bool:
    model = session.model
    try:
        done: Round = await asyncio.to_thread(warm_up.run, model, session.golden)
    except WarmUpError as error:
        gate.explain(f"warm-up: {error}")
        log.warning("warm-up: %s", error)
        return False
    measurements.note_warm_up(model, done.seconds, done.p99)
    text = f"warm-up of {model}: p99 {done.p99 * 1000:.1f} ms of {ceiling * 1000:g} ms allowed"
    log.info("%s, in %.3f s", text, done.seconds)
    gate.explain(text)
    return done.p99 < ceiling
