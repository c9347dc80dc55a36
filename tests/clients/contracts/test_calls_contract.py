"""What every HttpCaller and CommandRunner does, in memory and for real."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from infctl.clients.command_runner import AllowedPrograms, Program
from infctl.clients.http_caller import Endpoint, HttpEndpoints
from infctl.errors import Refused
from infctl.fakes.calls import FakeCommands, FakeHttp
from infctl.ports.calls import CommandRunner, Finished, HttpCaller

ECHO = "/bin/echo"


@pytest.fixture(params=["fake", "real"])
async def caller(request: pytest.FixtureRequest) -> AsyncIterator[HttpCaller]:
    if request.param == "fake":
        yield FakeHttp()
        return
    content: dict[str, str] = {}

    async def handle(asked: web.Request) -> web.Response:
        if asked.method == "GET":
            found = content.get(asked.path)
            return web.Response(status=404) if found is None else web.Response(text=found)
        if asked.method == "DELETE":
            content.pop(asked.path, None)
        else:
            content[asked.path] = await asked.text()
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield HttpEndpoints({"billing": Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}")})
    await runner.cleanup()


@pytest.fixture(params=["fake", "real"])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> CommandRunner:
    if request.param == "fake":
        return FakeCommands({"echo": lambda words: Finished(0, " ".join(words) + "\n", "")})
    return AllowedPrograms({"echo": Program(Path(ECHO))}, tmp_path)


async def test_what_was_put_is_read_until_it_is_deleted(caller: HttpCaller) -> None:
    assert (await caller.call("billing", "GET", "/a", "", "", 5)).status == 404
    assert (await caller.call("billing", "PUT", "/a", "off", "k", 5)).status == 200
    assert (await caller.call("billing", "GET", "/a", "", "", 5)).body == "off"
    assert (await caller.call("billing", "DELETE", "/a", "", "k", 5)).status == 200
    assert (await caller.call("billing", "GET", "/a", "", "", 5)).status == 404


async def test_an_endpoint_that_nobody_named_is_refused(caller: HttpCaller) -> None:
    with pytest.raises(Refused, match="there is no endpoint other"):
        await caller.call("other", "GET", "/", "", "", 5)


async def test_a_program_ends_with_its_code_and_outputs(runner: CommandRunner) -> None:
    ended = await runner.run("echo", ["a", "$(id)", "b c"], 10)
    assert (ended.code, ended.stdout, ended.stderr) == (0, "a $(id) b c\n", "")


async def test_a_program_that_nobody_named_is_refused(runner: CommandRunner) -> None:
    with pytest.raises(Refused, match="there is no program sh"):
        await runner.run("sh", ["-c", "id"], 10)
