"""What one machine says and does of a run that another carries on, or that its own files lost."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "executor"))

from kept_copies import BEGUN, ENDED, ENVIRONMENT, PLAN, holding, keep, manifests, records_of
from test_runs_of_others import HONEST, ROOT, fake, infctl

from infctl.engine.copies import find_copy
from infctl.engine.journal import read_journal
from infctl.errors import Exit
from infctl.executor import living, watch
from infctl.executor.folders import find_folder, run_ids, runs_folder
from infctl.executor.order import Order
from infctl.executor.remote import write_run
from infctl.fakes.world import FakeWorld
from infctl.model.journal import Kind
from infctl.model.run import RunState

__all__ = ["fake"]
TAKEN = {"kind": Kind.LEASE, "args": {"pid": 8, "host": "bobs"}, "fence": 2}


def here(run: str = HONEST, *contents: Mapping[str, Any]) -> Path:
    """The run on this machine's own disk, without an executor."""
    order = Order(run, PLAN, ROOT / "platform.yaml", ENVIRONMENT, "ada@other")
    return write_run(order, records_of(run, *(contents or BEGUN)))


def abandon(*words: str) -> int:
    return infctl("runs", "abandon", HONEST, "--reason", "gone", *words)


def copied(fake: FakeWorld) -> Any:
    return asyncio.run(find_copy(fake.world(ENVIRONMENT), HONEST))


def test_a_run_that_another_machine_carries_on_is_not_closed(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    here()
    asyncio.run(holding(fake, HONEST))
    assert abandon() == Exit.REFUSED
    said = capsys.readouterr().err
    assert (
        f"carried on elsewhere: run {HONEST} of ada on other (pid 7) holds the lock since" in said
    )
    assert abandon("--without", "clusters") == Exit.REFUSED
    assert not watch.read_run(HONEST).over


def test_a_run_whose_holder_is_gone_is_closed_with_what_it_wrote_last(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    here(HONEST, *BEGUN[:2])
    asyncio.run(holding(fake, HONEST))
    fake.clock.now += 60
    assert abandon("-o", "json") == Exit.DONE
    assert json.loads(capsys.readouterr().out)["items"][0]["state"] == "failed"
    view = watch.read_run(HONEST)
    assert (view.state, view.reason) == (RunState.FAILED, "abandoned: gone")
    assert view.seq == len(BEGUN) + 1
    records = read_journal(find_folder(HONEST))
    assert copied(fake).records == records
    assert records[-1].fence == records[-2].fence


def test_the_lease_of_this_machines_own_dead_executor_keeps_nobody_from_closing(
    fake: FakeWorld,
) -> None:
    lock = asyncio.run(holding(fake, HONEST))
    folder = runs_folder() / HONEST
    args = {"pid": 7, "host": living.identity().split("@")[1].split()[0], "lease": lock.id}
    here(HONEST, BEGUN[0], {**BEGUN[1], "args": {**args, "folder": str(folder)}}, BEGUN[2])
    assert abandon() == Exit.DONE


def test_a_run_that_ended_elsewhere_is_over_here_too(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    run = "01hzy0000000000000000000dd"
    here(run)
    asyncio.run(keep(fake, *manifests(run, records_of(run, *BEGUN, TAKEN, ENDED))))
    assert infctl("runs", "abandon", run, "--reason", "x") == Exit.REFUSED
    assert "is over" in capsys.readouterr().err
    assert watch.read_run(run).state is RunState.COMPLETED


def test_another_machines_run_is_closed_from_here_once_its_executor_is_gone(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(holding(fake, HONEST))
    assert abandon() == Exit.REFUSED
    assert "carried on elsewhere" in capsys.readouterr().err
    assert run_ids() == []
    fake.clock.now += 60
    assert abandon() == Exit.DONE
    assert copied(fake).view.state is RunState.FAILED
    assert infctl("runs", "abandon", "01hzy0000000000000000000zz", "--reason", "x") == Exit.USAGE


def test_where_nobody_can_be_asked_that_must_be_acknowledged_by_name(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    here()
    for region in fake.clusters:
        fake.silence(region)
    assert abandon() == Exit.UNDECIDED
    said = capsys.readouterr().err
    assert "whether another machine carries" in said
    assert f"infctl runs abandon {HONEST} --reason WHY --without clusters" in said
    assert not watch.read_run(HONEST).over
    assert abandon("--without", "everybody") == Exit.USAGE
    assert abandon("--without", "clusters") == Exit.DONE
    assert watch.read_run(HONEST).state is RunState.FAILED


def test_too_few_places_are_not_enough_to_know(fake: FakeWorld) -> None:
    here()
    fake.silence("us-east-1")
    fake.silence("ap-south-1")
    assert abandon() == Exit.UNDECIDED


@pytest.mark.parametrize("verb", ["pause", "stop", "retry", "skip", "ungraceful", "answer"])
def test_of_another_machines_run_it_is_said_where_its_executor_is(
    fake: FakeWorld, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(holding(fake, HONEST))
    more = {"skip": ["--reason", "x"], "ungraceful": ["--reason", "x", "-y"], "answer": ["yes"]}
    assert infctl("runs", verb, HONEST, *more.get(verb, [])) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "ada on other (pid 7)" in said
    assert f"infctl runs attach {HONEST}" in said
    assert f"infctl runs resume {HONEST}" in said
    assert run_ids() == []


def test_where_nobody_holds_the_lock_the_records_say_whose_run_it_is(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infctl("runs", "pause", HONEST) == Exit.REFUSED
    assert "on other (pid 7), begun by ada@other; its executor is gone" in capsys.readouterr().err


def test_another_machines_run_is_exported_from_its_copy(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infctl("runs", "export", HONEST) == Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines == [record.canonical for record in copied(fake).records]


def test_who_takes_a_run_over_is_told_first_that_its_executor_lives(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(holding(fake, HONEST))
    assert infctl("runs", "undo", HONEST) != Exit.DONE
    assert "its executor lives, or did a moment ago: run" in capsys.readouterr().err
    # What could not be taken over stays what the clusters tell.
    assert run_ids() == []


def damaged(how: str) -> Path:
    """This machine's run with one file that does not verify."""
    folder = here()
    if how == "journal":
        content = bytearray((folder / "journal.db").read_bytes())
        content[content.rindex(b"wait_steady")] ^= 1
        (folder / "journal.db").write_bytes(content)
    elif how == "mark":
        (folder / "mark").write_bytes(b"0" * 86)
    else:
        text = "" if how == "empty plan" else (folder / "plan.json").read_text()
        (folder / "plan.json").write_text(text.replace("A plan", "B plan"))
    return folder


DAMAGES = ["journal", "mark", "empty plan", "changed plan"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("verb", ["resume", "undo"])
def test_a_damaged_run_is_set_aside_for_its_copy_when_somebody_says_so(
    fake: FakeWorld, how: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = damaged(how)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert infctl("runs", "show", HONEST) == Exit.DONE
    assert f"next: infctl runs {verb} {HONEST}" in capsys.readouterr().out
    # The executors of this test end at once.
    assert infctl("runs", verb, HONEST) == Exit.UNDECIDED
    aside = folder.with_name(f"{HONEST}.set-aside-1")
    assert str(aside) in capsys.readouterr().err
    assert (
        before.items()
        <= {path.name: path.read_bytes() for path in aside.iterdir() if path.is_file()}.items()
    )
    assert run_ids() == [HONEST]
    records = read_journal(folder)
    assert records[:-1] == copied(fake).records
    (why,) = records[-1].result["evidence"]
    assert "set aside by" in why
    assert aside.name in why
    assert watch.read_run(HONEST).notes[-1] == why


@pytest.mark.parametrize("how", DAMAGES)
def test_without_a_copy_a_damaged_run_is_closed(
    fake: FakeWorld, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = damaged(how)
    forget(fake)
    assert infctl("runs", "resume", HONEST) == Exit.JOURNAL
    said = capsys.readouterr().err
    assert f"try: infctl runs abandon {HONEST} --reason WHY" in said
    assert "RUN" not in said
    assert abandon() == Exit.DONE
    assert folder.with_name(f"{HONEST}.set-aside-1").is_dir()
    view = watch.read_run(HONEST)
    assert (view.state, view.reason) == (RunState.FAILED, "abandoned: gone")
    assert "set aside by" in view.notes[-1]
    assert copied(fake).view.over
    assert watch.unfinished_runs(ENVIRONMENT) == {}


def forget(fake: FakeWorld) -> None:
    """No cluster keeps anything of any run."""
    from infctl.model.fence import SYSTEM
    from infctl.ports.cluster import CONFIG_MAP

    async def delete() -> None:
        for cluster in fake.clusters.values():
            for each in await cluster.list(CONFIG_MAP, SYSTEM):
                await cluster.delete(CONFIG_MAP, each["metadata"]["name"], SYSTEM)

    asyncio.run(delete())


def test_a_copy_that_lacks_what_this_machine_wrote_is_not_gone_on_with(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"kind": Kind.DONE, "step": "a", "result": {}}
    folder = here(HONEST, *BEGUN, more)
    (folder / "plan.json").write_text("")
    assert infctl("runs", "resume", HONEST) == Exit.JOURNAL
    assert "no cluster has all that run" in capsys.readouterr().err
    assert run_ids() == [HONEST]
    assert (folder / "plan.json").read_text() == ""
    assert abandon() == Exit.DONE
    assert watch.read_run(HONEST).step("a").state == "done"


def test_a_damaged_run_that_lives_elsewhere_is_left_alone(fake: FakeWorld) -> None:
    damaged("journal")
    asyncio.run(holding(fake, HONEST))
    assert infctl("runs", "resume", HONEST) == Exit.REFUSED
    assert abandon() == Exit.REFUSED
    assert [path.name for path in runs_folder().iterdir()] == [HONEST]


def test_where_nothing_of_a_run_is_whole_it_is_only_set_aside(fake: FakeWorld) -> None:
    folder = damaged("journal")
    (folder / "plan.json").write_text("{")
    forget(fake)
    assert abandon() == Exit.DONE
    assert run_ids() == []
    assert folder.with_name(f"{HONEST}.set-aside-1").is_dir()


def test_a_damaged_run_stands_in_the_way_of_its_own_environment_alone(fake: FakeWorld) -> None:
    folder = damaged("journal")
    assert list(watch.unfinished_runs("other")) == []
    (sentence,) = watch.unfinished_runs(ENVIRONMENT).values()
    assert f"infctl runs resume {HONEST}" in sentence
    (folder / "plan.json").write_text("")
    # Whose it is nobody knows: then it stands in everybody's way.
    assert list(watch.unfinished_runs("other")) == [HONEST]


def test_verbs_of_a_damaged_run_name_those_that_settle_it(
    fake: FakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged("journal")
    for verb in ("pause", "stop", "retry"):
        assert infctl("runs", verb, HONEST) == Exit.JOURNAL
        said = capsys.readouterr().err
        assert f"infctl runs resume {HONEST}" in said
        assert f"infctl runs abandon {HONEST} --reason WHY" in said
