"""`kubectl exec`: a command beside a container, over a WebSocket of v5.channel.k8s.io.

The first byte of each message names its channel. With `-t` it has a terminal, whose size follows.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

from aiohttp import WSMsgType, web

from infctl.lab.agent.beside import end_beside, start_beside
from infctl.lab.agent.command import CannotStart
from infctl.lab.agent.facts import Object
from infctl.lab.agent.keeper import Keeper
from infctl.lab.agent.terminal import Terminal
from infctl.lab.agent.view import Running

PROTOCOL = "v5.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255
_BLOCK = 2**15
_END_OF_INPUT = b"\x04"
_DRAIN_SECONDS = 2.0


async def answer_exec(request: web.Request, keeper: Keeper) -> web.StreamResponse:
    """Run the command that the request asks for, and say how it ended."""
    argv = request.query.getall("command", [])
    if not argv:
        raise web.HTTPBadRequest(text="you must specify at least 1 command to execute")
    if not isinstance(keeper.view.state, Running):
        raise web.HTTPBadRequest(text=f"container {keeper.view.name} is not running")
    socket = web.WebSocketResponse(protocols=(PROTOCOL,), heartbeat=30)
    if not socket.can_prepare(request).ok:
        raise web.HTTPBadRequest(text=f"the lab's nodes speak {PROTOCOL} alone")
    await socket.prepare(request)
    talk = _talk_by_terminal if request.query.get("tty") == "1" else _talk_by_pipes
    try:
        status = exit_status(await talk(socket, keeper, argv))
    except (OSError, CannotStart) as error:
        status = _failure("InternalError", f"exec: {argv[0]}: {error}")
    await _finish(socket, status)
    return socket


async def _talk_by_pipes(socket: web.WebSocketResponse, keeper: Keeper, argv: list[str]) -> int:
    command = (await keeper.recipe()).command
    process = await start_beside(argv, command, keeper.process(), stdin=asyncio.subprocess.PIPE)
    try:
        return await _converse(socket, process)
    finally:
        end_beside(process)


async def _talk_by_terminal(socket: web.WebSocketResponse, keeper: Keeper, argv: list[str]) -> int:
    command = (await keeper.recipe()).command
    command = replace(command, environment={"TERM": "xterm", **command.environment})
    terminal = Terminal()
    try:
        try:
            process = await start_beside(argv, command, keeper.process(), terminal=terminal.slave)
        finally:
            terminal.give_away()
        return await _converse_by_terminal(socket, process, terminal)
    finally:
        terminal.close()


async def _converse_by_terminal(
    socket: web.WebSocketResponse, process: asyncio.subprocess.Process, terminal: Terminal
) -> int:
    typing = asyncio.create_task(_read_keys(socket, process, terminal))
    showing = asyncio.create_task(_show_terminal(socket, terminal))
    try:
        return await process.wait()
    finally:
        typing.cancel()
        end_beside(process)
        with suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(showing, _DRAIN_SECONDS)


async def _read_keys(
    socket: web.WebSocketResponse, process: asyncio.subprocess.Process, terminal: Terminal
) -> None:
    async for message in socket:
        if message.type is not WSMsgType.BINARY or not message.data:
            continue
        channel, data = message.data[0], message.data[1:]
        if channel == _STDIN:
            await terminal.write(data)
        elif channel == _RESIZE:
            terminal.resize(data)
        elif channel == _CLOSE and data[:1] == bytes([_STDIN]):
            await terminal.write(_END_OF_INPUT)
    end_beside(process)


async def _show_terminal(socket: web.WebSocketResponse, terminal: Terminal) -> None:
    async for data in terminal.read():
        await socket.send_bytes(bytes([_STDOUT]) + data)


async def _converse(socket: web.WebSocketResponse, process: asyncio.subprocess.Process) -> int:
    """Carry input and output until the command ended; a client that leaves ends it."""
    reading = asyncio.create_task(_read_input(socket, process))
    showing = asyncio.gather(
        _show(socket, _STDOUT, process.stdout), _show(socket, _STDERR, process.stderr)
    )
    try:
        return await process.wait()
    finally:
        reading.cancel()
        # What it left running in its group may hold its output open.
        end_beside(process)
        with suppress(ConnectionError):
            await showing


async def _read_input(socket: web.WebSocketResponse, process: asyncio.subprocess.Process) -> None:
    stdin = process.stdin
    async for message in socket:
        if message.type is not WSMsgType.BINARY or not message.data or stdin is None:
            continue
        channel, data = message.data[0], message.data[1:]
        if channel == _STDIN and not stdin.is_closing():
            with suppress(ConnectionError):
                stdin.write(data)
                await stdin.drain()
        elif channel == _CLOSE and data[:1] == bytes([_STDIN]):
            stdin.close()
    end_beside(process)


async def _show(
    socket: web.WebSocketResponse, channel: int, stream: asyncio.StreamReader | None
) -> None:
    while stream and (data := await stream.read(_BLOCK)):
        await socket.send_bytes(bytes([channel]) + data)


async def _finish(socket: web.WebSocketResponse, status: Object) -> None:
    with suppress(ConnectionError):
        await socket.send_bytes(bytes([_STATUS]) + json.dumps(status).encode())
        await socket.close()


def exit_status(code: int) -> Object:
    """What kubectl turns into its own exit code."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    shown = 128 - code if code < 0 else code
    message = f"command terminated with non-zero exit code: exit status {shown}"
    status = _failure("NonZeroExitCode", message)
    return {**status, "details": {"causes": [{"reason": "ExitCode", "message": str(shown)}]}}


def _failure(reason: str, message: str) -> Object:
    return {"metadata": {}, "status": "Failure", "reason": reason, "message": message}
