from hypothesis import given
from hypothesis import strategies as st

from infctl.simulator.crash.disk import (
    SECTOR,
    Acknowledged,
    Call,
    Change,
    Survival,
    Sync,
    draw_image,
)

FILES = ("journal.db", "journal.db-wal")


def calls_of(*content: Call) -> list[Call]:
    return [Change("create", "journal.db"), Sync(), *content]


def test_what_was_synced_survives_every_way_of_a_power_cut() -> None:
    calls = calls_of(Change("write", "journal.db", 0, b"abc"), Sync("journal.db"))
    for survival in Survival:
        image = draw_image(calls, len(calls), survival, "1")
        assert image.files == {"journal.db": b"abc"}


def test_what_was_not_synced_may_be_gone_or_there() -> None:
    calls = calls_of(Change("write", "journal.db", 0, b"abc"))
    assert draw_image(calls, 3, Survival.NONE, "1").files == {"journal.db": b""}
    assert draw_image(calls, 3, Survival.ALL, "1").files == {"journal.db": b"abc"}


def test_a_sync_of_one_file_says_nothing_of_another() -> None:
    calls = [
        *calls_of(Change("create", "mark"), Sync(), Change("write", "mark", 0, b"1")),
        Change("write", "journal.db", 0, b"abc"),
        Sync("journal.db"),
    ]
    image = draw_image(calls, len(calls), Survival.NONE, "1")
    assert image.files == {"journal.db": b"abc", "mark": b""}


def test_a_torn_write_ends_where_a_sector_does() -> None:
    calls = calls_of(Change("write", "journal.db", 0, b"x" * (5 * SECTOR)))
    lengths = {
        len(draw_image(calls, 3, Survival.TORN, str(s)).files["journal.db"]) for s in range(60)
    }
    assert lengths == {SECTOR * n for n in range(6)}


def test_scattered_sectors_of_one_write_survive_each_by_chance() -> None:
    calls = calls_of(Change("write", "journal.db", 0, b"x" * (3 * SECTOR)))
    seen = set()
    for seed in range(100):
        content = draw_image(calls, 3, Survival.SCATTERED, str(seed)).files["journal.db"]
        padded = content.ljust(3 * SECTOR, b"\0")
        seen.add(tuple(padded[n * SECTOR] == ord("x") for n in range(3)))
    assert len(seen) == 8


def test_a_name_that_did_not_reach_the_disk_takes_its_content_with_it() -> None:
    calls: list[Call] = [Change("create", "mark"), Change("write", "mark", 0, b"1")]
    assert draw_image(calls, 2, Survival.NONE, "1").files == {}


def test_a_file_that_was_removed_may_still_be_there_until_the_folder_is_synced() -> None:
    calls = calls_of(Change("unlink", "journal.db"))
    assert "journal.db" in draw_image(calls, 3, Survival.NONE, "1").files
    assert "journal.db" not in draw_image(calls, 3, Survival.ALL, "1").files
    assert "journal.db" not in draw_image([*calls, Sync()], 4, Survival.NONE, "1").files


def test_a_rename_is_certain_once_the_folder_is_synced() -> None:
    calls = calls_of(Change("rename", "journal.db", data=b"ends"), Sync())
    assert list(draw_image(calls, 4, Survival.NONE, "1").files) == ["ends"]


def test_only_records_acknowledged_before_the_cut_count() -> None:
    calls = calls_of(Acknowledged(1), Acknowledged(2))
    assert draw_image(calls, 3, Survival.ALL, "1").acknowledged == 1


changes = st.one_of(
    st.builds(
        Change,
        st.just("write"),
        st.sampled_from(FILES),
        st.integers(0, 3000),
        st.binary(min_size=1, max_size=1500),
    ),
    st.builds(Change, st.just("truncate"), st.sampled_from(FILES), st.integers(0, 3000)),
    st.builds(Sync, st.sampled_from(FILES)),
)


@given(st.lists(changes, max_size=12), st.sampled_from(list(Survival)), st.integers(0, 9))
def test_a_disk_is_the_same_for_the_same_seed_and_whole_once_all_is_synced(
    some: list[Call], survival: Survival, seed: int
) -> None:
    made: list[Call] = [Change("create", name) for name in FILES]
    calls = [*made, Sync(), *some]
    drawn = draw_image(calls, len(calls), survival, str(seed))
    assert drawn == draw_image(calls, len(calls), survival, str(seed))
    synced = [*calls, *(Sync(name) for name in FILES)]
    whole = draw_image(synced, len(synced), Survival.NONE, "").files
    assert draw_image(synced, len(synced), survival, str(seed)).files == whole
    assert draw_image(calls, len(calls), Survival.ALL, "").files == whole
