from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infctl.content.load_log import LogReader, request_line, resolution_line
from infctl.drills.load.resolution import RETRY_SECONDS, CachedName
from infctl.ports.load import RequestRecord, Resolution


@dataclass
class World:
    """A name server and a clock in a test's hand."""

    answers: list[tuple[tuple[str, ...], float] | None]
    now: float = 1000.0
    asked: int = 0
    noted: list[Resolution] = field(default_factory=list)

    def resolve(self, name: str) -> tuple[tuple[str, ...], float]:
        assert name == "vision.infctl.test"
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer is None:
            raise OSError("nobody answers")
        return answer

    def client(self) -> CachedName:
        clock = lambda: self.now  # noqa: E731
        name = "vision.infctl.test"
        return CachedName("c-1", name, self.resolve, clock, clock, self.noted.append)


def test_within_the_ttl_nothing_is_resolved_again() -> None:
    world = World([(("1.1.1.1",), 20.0), (("2.2.2.2",), 20.0)])
    client = world.client()
    assert client.current() == "1.1.1.1"
    world.now += 19.99
    assert client.current() == "1.1.1.1"
    assert world.asked == 1


def test_when_the_ttl_ran_out_a_client_moves_to_the_new_answer() -> None:
    world = World([(("1.1.1.1",), 20.0), (("2.2.2.2",), 20.0)])
    client = world.client()
    client.current()
    world.now += 20
    assert client.current() == "2.2.2.2"
    assert [r.addresses for r in world.noted] == [("1.1.1.1",), ("2.2.2.2",)]


def test_a_client_stays_where_it_is_if_its_address_is_still_in_the_answer() -> None:
    world = World([(("1.1.1.1",), 20.0), (("2.2.2.2", "1.1.1.1"), 20.0)])
    client = world.client()
    client.current()
    world.now += 20
    assert client.current() == "1.1.1.1"


@pytest.mark.parametrize("answer", [None, ((), 0.0)])
def test_without_an_answer_the_old_address_is_used_and_the_name_asked_for_again(
    answer: tuple[tuple[str, ...], float] | None,
) -> None:
    world = World([(("1.1.1.1",), 20.0), answer, (("2.2.2.2",), 20.0)])
    client = world.client()
    client.current()
    world.now += 20
    assert client.current() == "1.1.1.1"
    assert client.current() == "1.1.1.1"
    assert world.asked == 2
    world.now += RETRY_SECONDS
    assert client.current() == "2.2.2.2"


def test_a_name_that_never_resolved_has_no_address() -> None:
    world = World([None])
    assert world.client().current() == ""
    assert world.noted == [Resolution("c-1", 1000.0, (), 0.0)]


def test_the_log_reads_back_what_was_written_and_only_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    late = RequestRecord("c-1", 1.0, 3.0, True, 200, "eu-west-1", "127.16.1.2")
    early = RequestRecord("c-2", 1.5, 2.0, False, 0, "", "127.16.2.2")
    seen = Resolution("c-1", 0.5, ("127.16.1.2",), 20.0)
    reader = LogReader(log)
    assert reader.requests() == []
    log.write_text(request_line(late, "a") + resolution_line(seen) + request_line(early, "b")[:20])
    assert reader.requests() == [late]
    with log.open("a") as file:
        file.write(request_line(early, "b")[20:] + "nonsense\n" + '{"kind": "request"}\n[]\n')
    assert reader.requests() == [early, late]
    assert reader.resolutions() == [seen]
