"""What every Notifier does: in memory, as webhook and as SNS topic behind the lab's front."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from running_cloud import RunningCloud

from infctl.clients import notices
from infctl.clients.aws import Account
from infctl.clients.notices import Outbox, Topic, Webhook
from infctl.errors import InfctlError, Refused
from infctl.fakes.endpoint import Mood
from infctl.fakes.notices import FakeNotices
from infctl.lab import addresses
from infctl.ports.notices import Notice, Notifier

NOTICE = Notice("run/s1", "eu-west-1 is off", "Traffic moved.\n=1+1", "critical", {"run": "r"})


@dataclass
class Subject:
    """A notifier with the route `on-call`; `taken` are the keys that arrived, in order."""

    notifier: Notifier
    silence: Callable[[bool], Awaitable[None]]
    taken: Callable[[], list[str]]


@pytest.fixture(params=["fake", "webhook"])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeNotices()

        async def quiet(is_quiet: bool) -> None:
            fake.routes["on-call"].mood = Mood.SILENT if is_quiet else Mood.ANSWERING

        yield Subject(fake, quiet, lambda: [key for _, key in fake.taken])
        return
    seen: list[str] = []
    broken = False

    async def hook(request: web.Request) -> web.Response:
        if broken:
            return web.Response(status=503)
        assert request.path_qs == "/hook?a=1"
        body = await request.json()
        assert request.headers["Idempotency-Key"] == body["key"]
        seen.append(body["key"])
        return web.Response(status=202)

    async def silence(is_quiet: bool) -> None:
        nonlocal broken
        broken = is_quiet

    application = web.Application()
    application.router.add_post("/hook", hook)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?a=1"
    outbox = Outbox({"on-call": Webhook("on-call", url)}, tmp_path / "notices")
    yield Subject(outbox, silence, lambda: seen)
    await runner.cleanup()


async def test_a_notice_is_taken_once_however_often_it_is_sent(subject: Subject) -> None:
    assert await subject.notifier.send("on-call", NOTICE) == "sent"
    assert await subject.notifier.send("on-call", NOTICE) == "sent"
    assert subject.taken() == [NOTICE.key]
    assert await subject.notifier.sent(NOTICE.key) == ("on-call",)
    assert await subject.notifier.sent("run/s2") == ()


async def test_what_a_route_does_not_take_waits_and_goes_with_the_next(subject: Subject) -> None:
    await subject.silence(True)
    assert (await subject.notifier.send("on-call", NOTICE)).startswith("queued")
    assert await subject.notifier.sent(NOTICE.key) == ()
    await subject.silence(False)
    other = Notice("run/s2", "t", "x")
    assert await subject.notifier.send("on-call", other) == "sent"
    assert subject.taken() == [NOTICE.key, other.key]


async def test_a_route_that_nobody_named_is_refused(subject: Subject) -> None:
    with pytest.raises(Refused, match="there is no route nowhere"):
        await subject.notifier.send("nowhere", NOTICE)


async def test_a_notice_outlives_its_process(tmp_path: Path) -> None:
    dead = Outbox({"on-call": Webhook("on-call", "http://127.0.0.1:9/hook")}, tmp_path)
    assert (await dead.send("on-call", NOTICE)).startswith("queued")
    taken: list[Notice] = []

    class Taking:
        async def deliver(self, notice: Notice) -> None:
            taken.append(notice)

    alive = Outbox({"on-call": Taking()}, tmp_path)
    assert await alive.flush() == 0
    assert taken == [NOTICE]
    assert not _open_to_others(tmp_path)


def _open_to_others(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]


async def test_a_strangers_file_in_the_outbox_stops_nobody(tmp_path: Path) -> None:
    waiting = tmp_path / "waiting"
    waiting.mkdir(mode=0o700)
    for number, text in enumerate(["", "[]", "{", '{"route": 1}', '{"route": "on-call"}', "\0"]):
        (waiting / f"{number}.json").write_text(text)
    fake: list[str] = []

    class Taking:
        async def deliver(self, notice: Notice) -> None:
            fake.append(notice.key)

    assert await Outbox({"on-call": Taking()}, tmp_path).send("on-call", NOTICE) == "sent"
    assert fake == [NOTICE.key]


async def test_a_topic_takes_it_as_json(running: RunningCloud, tmp_path: Path) -> None:
    import boto3

    region = "eu-west-1"
    host = running.lab.edge(running.lab.region(region), "cloud")
    endpoint = f"http://{host}:{addresses.CLOUD_PORT}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": region}
    sns = boto3.client("sns", endpoint_url=endpoint, **keys)
    sqs = boto3.client("sqs", endpoint_url=endpoint, **keys)
    topic = sns.create_topic(Name="on-call")["TopicArn"]
    queue = sqs.create_queue(QueueName="on-call")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    route = Topic("on-call", topic, Account(region, endpoint, "test", "test"))
    outbox = Outbox({"on-call": route}, tmp_path)
    assert await outbox.send("on-call", NOTICE) == "sent"
    assert await outbox.send("on-call", NOTICE) == "sent"
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(json.loads(m["Body"])["Message"]) for m in messages]
    assert [b["key"] for b in bodies] == [NOTICE.key]
    assert bodies[0]["text"] == NOTICE.text


class Hanging:
    async def deliver(self, notice: Notice) -> None:
        await asyncio.Event().wait()


async def test_a_route_that_hangs_keeps_no_other_waiting(tmp_path: Path) -> None:
    taken: list[str] = []

    class Taking:
        async def deliver(self, notice: Notice) -> None:
            taken.append(notice.key)

    outbox = Outbox({"a": Hanging(), "b": Taking(), "c": Hanging()}, tmp_path)
    hanging = [asyncio.create_task(outbox.send(route, NOTICE)) for route in ("a", "c")]
    async with asyncio.timeout(5.0):
        assert await outbox.send("b", NOTICE) == "sent"
    assert taken == [NOTICE.key]
    for task in hanging:
        task.cancel()


async def test_two_programs_may_send_what_waits_at_the_same_moment(tmp_path: Path) -> None:
    both = asyncio.Barrier(2)

    class Slow:
        async def deliver(self, notice: Notice) -> None:
            await both.wait()

    programs = [Outbox({"on-call": Slow()}, tmp_path) for _ in range(2)]
    async with asyncio.timeout(5.0):
        receipts = await asyncio.gather(*(p.send("on-call", NOTICE) for p in programs))
    assert receipts == ["sent", "sent"]


async def test_nothing_is_kept_where_others_may_write(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir(mode=0o700)
    (tmp_path / "waiting").symlink_to(tmp_path / "away")
    with pytest.raises(InfctlError, match="cannot be written"):
        await Outbox({"on-call": Hanging()}, tmp_path).send("on-call", NOTICE)
    assert list((tmp_path / "away").iterdir()) == []


async def test_what_was_sent_long_ago_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Taking:
        async def deliver(self, notice: Notice) -> None:
            return

    monkeypatch.setattr(notices, "MOST_WAITING", 3)
    outbox = Outbox({"on-call": Taking()}, tmp_path)
    for number in range(6):
        await outbox.send("on-call", Notice(f"run/s{number}", "t", "x"))
    assert len(list((tmp_path / "sent").iterdir())) <= 4
    assert await outbox.sent("run/s5") == ("on-call",)
