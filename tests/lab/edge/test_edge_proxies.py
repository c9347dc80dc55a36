"""A real Toxiproxy: each toxic does what it should, alone and with others, and is taken back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from running_edge import edge_of, run_edges

from infctl.lab.edge.control import Standing
from infctl.lab.edge.toxics import Parameters, toxics
from infctl.lab.errors import LabError
from infctl.lab.spec import Lab

PROXY = "metrics"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with TemporaryDirectory() as folder, run_edges(Path(folder)) as found:
        yield found


@asynccontextmanager
async def serving(lab: Lab) -> AsyncIterator[None]:
    """Behind east's proxy: answers each line with the same line."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    host = lab.inner(lab.region("east"), PROXY)
    async with await asyncio.start_server(answer, host, 9090, limit=2**20) as server:
        yield
        server.close()
    await edge_of(lab, "east").settle({})


async def connect(lab: Lab) -> Stream:
    return await asyncio.open_connection(lab.edge(lab.region("east"), PROXY), 9090, limit=2**20)


async def say(stream: Stream, line: bytes = b"hello\n") -> bytes:
    """The answer, empty where the connection ended; TimeoutError after half a second of silence."""
    stream[1].write(line)
    try:
        return await asyncio.wait_for(stream[0].readline(), 0.5)
    except ConnectionResetError:
        return b""


async def strike(lab: Lab, *kinds: tuple[str, Parameters]) -> None:
    found = [toxic for kind, told in kinds for toxic in toxics(kind, told, time.time())]
    wanted = {f"t{number}": toxic for number, toxic in enumerate(found)}
    await edge_of(lab, "east").settle({PROXY: Standing(toxics=wanted)})


async def test_all_passes_where_there_is_no_fault(lab: Lab) -> None:
    async with serving(lab):
        assert await say(await connect(lab)) == b"hello\n"


async def test_refused_means_that_nobody_listens_and_that_connections_ended(lab: Lab) -> None:
    async with serving(lab):
        old = await connect(lab)
        assert await say(old)
        await edge_of(lab, "east").settle({PROXY: Standing(is_open=False)})
        with pytest.raises(ConnectionRefusedError):
            await connect(lab)
        assert await say(old) == b""
        await edge_of(lab, "east").settle({})
        assert await say(await connect(lab)) == b"hello\n"


@pytest.mark.parametrize("direction", ["in", "out", "both"])
async def test_swallowed_connections_hang_the_old_ones_too_and_end_when_healed(
    lab: Lab, direction: str
) -> None:
    async with serving(lab):
        old = await connect(lab)
        assert await say(old)
        await strike(lab, ("swallow", {"direction": direction}))
        for stream in (old, await connect(lab)):
            with pytest.raises(TimeoutError):
                await say(stream)
        await edge_of(lab, "east").settle({})
        assert await say(old) == b""
        assert await say(await connect(lab)) == b"hello\n"


async def test_half_open_silences_what_was_open_and_nothing_that_comes(lab: Lab) -> None:
    async with serving(lab):
        old = await connect(lab)
        assert await say(old)
        await strike(lab, ("half_open", {"direction": "out"}))
        new = await connect(lab)
        assert await say(new) == b"hello\n"
        with pytest.raises(TimeoutError):
            await say(old)
        # One more fault runs all toxics of a connection anew.
        slow = ("slow", {"latency_ms": 1, "jitter_ms": 0, "direction": "out"})
        await strike(lab, ("half_open", {"direction": "out"}), slow)
        assert await say(new) == b"hello\n"
        with pytest.raises(TimeoutError):
            await say(old)


async def test_slow_and_limited_compose(lab: Lab) -> None:
    slow = ("slow", {"latency_ms": 100, "jitter_ms": 0, "direction": "both"})
    limit = ("limit", {"bytes_per_second": 20_000, "direction": "out"})
    async with serving(lab):
        stream = await connect(lab)
        # The best of a few: the machine may have other work.
        assert min([await _seconds(lambda: say(stream)) for _ in range(5)]) < 0.1
        await strike(lab, slow)
        assert await _seconds(lambda: say(stream)) >= 0.2
        await strike(lab, slow, limit)
        assert await _seconds(lambda: say(stream, b"x" * 2999 + b"\n")) >= 0.3


async def test_a_share_of_the_connections_is_lost(lab: Lab) -> None:
    async with serving(lab):
        await strike(lab, ("lossy", {"percent": 50, "direction": "in"}))
        answers = [await say(await connect(lab)) for _ in range(60)]
    lost = answers.count(b"")
    assert answers.count(b"hello\n") == 60 - lost
    # Fewer than one run in a thousand is outside.
    assert 15 <= lost <= 45


async def test_a_path_leads_to_the_other_regions_edge_and_is_cut_by_itself(lab: Lab) -> None:
    async with serving(lab):
        host, _, port = lab.path(lab.region("west"), lab.region("east"), PROXY).partition(":")
        assert await say(await asyncio.open_connection(host, int(port))) == b"hello\n"
        await edge_of(lab, "west").settle({f"to-east-{PROXY}": Standing(is_open=False)})
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, int(port))
        assert await say(await connect(lab)) == b"hello\n"
        await edge_of(lab, "west").settle({})


async def test_an_edge_that_is_gone_is_told(lab: Lab, tmp_path: Path) -> None:
    nobody = Lab("nobody", lab.number, tmp_path, lab.regions)
    with pytest.raises(LabError, match="does not answer"):
        await edge_of(nobody, "east").standing()


def test_its_api_is_its_owners_alone(lab: Lab) -> None:
    assert (lab.state / "edge-1.sock").stat().st_mode & 0o777 == 0o600


async def _seconds(act: Callable[[], Awaitable[bytes]]) -> float:
    began = time.monotonic()
    assert await act()
    return time.monotonic() - began


async def test_a_client_of_ipv6_reaches_the_first_regions_gateway(lab: Lab) -> None:
    if not lab.ipv6:
        pytest.skip("this machine has no ::1, or another lab answers there")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    host = lab.inner(lab.region("east"), "gateway")
    async with await asyncio.start_server(answer, host, 8080):
        stream = await asyncio.open_connection("::1", 8080)
        assert await say(stream) == b"hello\n"
        stream[1].close()
