"""Keeps one container: starts it, records its pid, stamps its output, and writes down its end.

`python -I -S shim.py FOLDER NUMBER`, with the standard library alone, since there is one beside
each container. It reads what to start from its standard input, which the agent closes once the
shim's own pid is on disk, and answers there on its standard output. It outlives the agent; the
container does not outlive it.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

LOG_LIMIT = 10 * 2**20
LONGEST_LINE = 16 * 2**10
START_ERROR = 128
_BLOCK = 2**16
_MOUNT_SECONDS = 15.0
_POLL_SECONDS = 0.005
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Log:
    """A log in the container runtimes' common form, one older file of it kept."""

    def __init__(self, path: str, limit: int = LOG_LIMIT) -> None:
        self._path = path
        self._limit = limit
        self._rest = {"stdout": b"", "stderr": b""}
        self.complaint = b""
        """The last whole line of stderr."""
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size

    def add(self, stream: str, data: bytes) -> None:
        """Write the whole lines in `data`, and what is too long for a line in pieces."""
        *lines, rest = (self._rest[stream] + data).split(b"\n")
        if lines and stream == "stderr":
            self.complaint = lines[-1]
        made = b"".join(_stamped(stream, line) for line in lines)
        while len(rest) >= LONGEST_LINE:
            made += _stamp(stream, b"P", rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._rest[stream] = rest
        self._write(made)

    def close(self) -> None:
        """Write what no newline followed."""
        for stream, rest in self._rest.items():
            if rest:
                self._write(_stamp(stream, b"F", rest))
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        # A full disk loses log lines; it does not end the container.
        with suppress(OSError):
            while data:
                written = os.write(self._file, data)
                self._size += written
                data = data[written:]
        if self._size > self._limit:
            os.close(self._file)
            os.replace(self._path, self._path + ".1")  # noqa: PTH105
            self._open()


def _stamped(stream: str, line: bytes) -> bytes:
    pieces = [line[i : i + LONGEST_LINE] for i in range(0, len(line), LONGEST_LINE)] or [b""]
    return b"".join(_stamp(stream, b"P", p) for p in pieces[:-1]) + _stamp(stream, b"F", pieces[-1])


def _stamp(stream: str, tag: bytes, text: bytes) -> bytes:
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09}Z"
    return b"%s %s %s %s\n" % (at.encode(), stream.encode(), tag, text)


class Wrapper:
    """Bubblewrap around a container: it says whom it started, and waits until that is on disk."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._status, self._tell = os.pipe()
        self._block, self._go = os.pipe()
        self._said = b""

    def become(self) -> list[str]:
        """In the forked child: the words that stand before the command."""
        os.close(self._go)
        os.set_inheritable(self._tell, True)
        os.set_inheritable(self._block, True)
        told = ["--json-status-fd", str(self._tell), "--block-fd", str(self._block)]
        return [*self._words, *told, "--"]

    def find_inner(self) -> int | None:
        """Wait until it has started something; None if it could not."""
        os.close(self._tell)
        os.close(self._block)
        while b"\n" not in self._said:
            if not (data := os.read(self._status, _BLOCK)):
                return None
            self._said += data
        return int(json.loads(self._said.partition(b"\n")[0])["child-pid"])

    def release(self, inner: int | None) -> None:
        """Let the command be executed; returns when it was, or could not be.

        Until then its mounts are half made, and whoever joined it would find an empty machine.
        """
        with suppress(BrokenPipeError):
            os.write(self._go, b"g")
        os.close(self._go)
        wrapper = os.path.realpath(self._words[0])
        end = time.monotonic() + _MOUNT_SECONDS
        while inner and time.monotonic() < end and _executable(inner) in ("", wrapper):
            time.sleep(_POLL_SECONDS)

    def has_run(self) -> bool:
        """Whether the command was executed, once all has ended."""
        while data := os.read(self._status, _BLOCK):
            self._said += data
        return b"exit-code" in self._said


class Container:
    """The container's process, held back until its pid is on disk."""

    def __init__(self, command: dict[str, Any]) -> None:
        self._command = command
        self.out, self._out = os.pipe()
        self.err, self._err = os.pipe()
        self._wait, self._go = os.pipe()
        self._failed, self._fail = os.pipe()
        self._wrapper = Wrapper(command["wrapper"]) if command.get("wrapper") else None
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(parent)
        for descriptor in (self._out, self._err, self._wait, self._fail):
            os.close(descriptor)

    def release(self) -> str:
        """Let it go on; returns why it could not be started, "" if it was."""
        os.write(self._go, b"g")
        os.close(self._go)
        return os.read(self._failed, _BLOCK).decode(errors="replace")

    def find_inner(self) -> int | None:
        """The pid of what runs inside a wrapper, which is held back; None if there is none."""
        return self._wrapper.find_inner() if self._wrapper else None

    def release_inner(self, inner: int | None) -> None:
        """Let what runs inside the wrapper go on."""
        if self._wrapper:
            self._wrapper.release(inner)

    def explain(self, code: int, log: Log) -> str:
        """Why the command inside a wrapper was never executed; "" if it was."""
        if self._wrapper is None or code != 1 or self._wrapper.has_run():
            return ""
        return log.complaint.decode(errors="replace") or "its mounts cannot be made"

    def _become(self, parent: int) -> None:
        try:
            os.setsid()
            _control(_PR_SET_PDEATHSIG, signal.SIGKILL)
            os.close(self._go)
            if os.getppid() != parent or not os.read(self._wait, 1):
                os._exit(START_ERROR)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.dup2(self._out, 1)
            os.dup2(self._err, 2)
            argv = self._command["argv"]
            if self._wrapper:
                argv = [*self._wrapper.become(), *argv]
            else:
                os.chdir(self._command["folder"])
            os.execvpe(argv[0], argv, self._command["environment"])  # noqa: S606
        except (OSError, ValueError) as error:
            os.write(self._fail, _explain(error, self._command).encode())
        finally:
            os._exit(START_ERROR)


def _executable(pid: int) -> str:
    """What a process executes; "" while nobody may know, a question mark when it has ended."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115
    except PermissionError:
        return ""
    except OSError:
        return "?"


def _explain(error: Exception, command: dict[str, Any]) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    named = getattr(error, "filename", None)
    return f"exec: {named or command['argv'][0]}: {reason}"


def _control(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value)


def follow(container: Container, log: Log) -> int:
    """Copy its output until it has ended and nothing of it lives; returns the wait status."""
    ended_read, ended_write = os.pipe()
    os.set_blocking(ended_write, False)
    signal.set_wakeup_fd(ended_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    streams = {container.out: "stdout", container.err: "stderr"}
    waiting = select.poll()
    for descriptor in (*streams, ended_read):
        waiting.register(descriptor, select.POLLIN)
    status = _reap(container.pid)
    while status is None:
        for descriptor, _ in waiting.poll():
            if descriptor == ended_read:
                os.read(ended_read, _BLOCK)
                status = _reap(container.pid)
            elif data := os.read(descriptor, _BLOCK):
                log.add(streams[descriptor], data)
            else:
                waiting.unregister(descriptor)
    _end_rest()
    for descriptor, stream in streams.items():
        os.set_blocking(descriptor, False)
        with suppress(BlockingIOError):
            while data := os.read(descriptor, _BLOCK):
                log.add(stream, data)
    return status


def _reap(main: int) -> int | None:
    """Wait for what has ended; the status of the main process once it is among them."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        if found is None:
            return None
        if found.si_pid == main:
            # Before it is waited for, its pid and with it its group cannot be anybody else's.
            with suppress(ProcessLookupError):
                os.killpg(main, signal.SIGKILL)
        status = os.waitpid(found.si_pid, 0)[1]
        if found.si_pid == main:
            return status


def _end_rest() -> None:
    """Kill what the container left behind: as a subreaper, the shim is its parent now."""
    children = f"/proc/self/task/{os.getpid()}/children"
    while True:
        try:
            with open(children) as file:  # noqa: PTH123
                for pid in file.read().split():
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            # Without that file only the group was killed; the rest would be waited for for ever.
            return
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _write(path: str, content: object) -> None:
    temporary = path + ".new"
    with open(temporary, "w") as file:  # noqa: PTH123
        file.write(json.dumps(content))
    os.replace(temporary, path)  # noqa: PTH105


def _process_record(**pids: int) -> dict[str, Any]:
    found = {}
    for role, pid in pids.items():
        with suppress(OSError), open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            started = int(file.read().rpartition(")")[2].split()[19])
            found[role] = {"pid": pid, "started": started}
    with open("/proc/sys/kernel/random/boot_id") as file:  # noqa: PTH123
        boot = file.read().strip()
    return {"boot": boot, "processes": found}


def main(folder: str, number: str) -> None:
    """Keep one container from its start to its end."""
    try:
        command = json.loads(sys.stdin.buffer.read())
    except ValueError:
        # The agent was killed before it had recorded this process.
        return
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    _control(_PR_SET_CHILD_SUBREAPER, 1)
    base = f"{folder}/{number}"
    log = Log(f"{base}.log")
    container = Container(command)
    started = time.time()
    _write(f"{base}.container.json", _process_record(container=container.pid))
    error = container.release()
    inner = container.find_inner()
    if inner:
        record = _process_record(container=inner, wrapper=container.pid)
        _write(f"{base}.container.json", record)
    container.release_inner(inner)
    with suppress(OSError):
        os.write(1, json.dumps({"started": started, "error": error}).encode())
    os.close(1)
    status = follow(container, log)
    finished = time.time()
    log.close()
    code = os.waitstatus_to_exitcode(status)
    if not error and (error := container.explain(code, log)):
        code = START_ERROR
    ending = {"code": code, "error": error, "started": started, "finished": finished}
    _write(f"{base}.ending.json", ending)


if __name__ == "__main__":
    main(*sys.argv[1:])
