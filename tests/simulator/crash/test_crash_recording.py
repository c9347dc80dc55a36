from pathlib import Path

from infctl.simulator.crash.disk import Acknowledged, Change, Sync
from infctl.simulator.crash.recording import read_calls

FOLDER = Path("/s/run")


def escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def opened(name: str) -> str:
    return f"7<{escaped(f'/s/run/{name}')}>"


def line(call: str) -> str:
    return f"41 {call}\n"


def creation(name: str, flags: str = "O_RDWR|O_CREAT") -> str:
    path = escaped(f"/s/run/{name}")
    return line(f'openat(AT_FDCWD<{escaped("/")}>, "{path}", {flags}, 0600) = 7<{path}>')


def test_each_call_on_a_file_of_the_folder_is_read() -> None:
    lines = [
        creation("mark"),
        line(f'pwrite64({opened("mark")}, "{escaped("ab")}", 2, 4096) = 2'),
        line(f"fsync({opened('mark')}) = 0"),
        line(f"ftruncate({opened('mark')}, 3) = 0"),
        line(f"fdatasync(8<{escaped('/s/run')}>) = 0"),
        line(f'rename("{escaped("/s/run/mark")}", "{escaped("/s/run/ends")}") = 0'),
        line(f'unlink("{escaped("/s/run/ends")}") = 0'),
    ]
    assert list(read_calls(lines, FOLDER)) == [
        Change("create", "mark"),
        Change("write", "mark", 4096, b"ab"),
        Sync("mark"),
        Change("truncate", "mark", 3),
        Sync(),
        Change("rename", "mark", data=b"ends"),
        Change("unlink", "ends"),
    ]


def test_writes_without_a_place_follow_one_another() -> None:
    lines = [
        creation("ends", "O_WRONLY|O_CREAT|O_TRUNC"),
        line(f'write({opened("ends")}, "{escaped("ab")}", 2) = 2'),
        line(f'write({opened("ends")}, "{escaped("c")}", 1) = 1'),
    ]
    assert list(read_calls(lines, FOLDER))[2:] == [
        Change("write", "ends", 0, b"ab"),
        Change("write", "ends", 2, b"c"),
    ]


def test_what_the_victim_says_is_no_file_of_the_journal() -> None:
    lines = [
        creation("acknowledged"),
        line(f'write({opened("acknowledged")}, "{escaped("12")}\\x0a", 3) = 3'),
    ]
    assert list(read_calls(lines, FOLDER)) == [Acknowledged(12)]


def test_what_failed_or_is_elsewhere_or_is_made_anew_is_left_out() -> None:
    lines = [
        line(f'pwrite64({opened("mark")}, "{escaped("a")}", 1, 0) = -1 ENOSPC (No space)'),
        line(f'write(1<{escaped("/dev/null")}>, "{escaped("a")}", 1) = 1'),
        line(f'pwrite64({opened("journal.db-shm")}, "\\x00", 1, 4095) = 1'),
        creation("ledger"),
        line("+++ exited with 0 +++"),
    ]
    assert list(read_calls(lines, FOLDER)) == []
