"""Programs that the environment allows: by name, at an absolute path, without any shell."""

import asyncio
import hashlib
import os
import signal
import stat
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from infctl.errors import InfctlError, Refused, Unreachable
from infctl.model.text import clean
from infctl.ports.calls import Finished

LARGEST = 64 * 1024
KEY = "INFCTL_IDEMPOTENCY_KEY"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
_GONE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """An allowed program; `sha256` in hex where only that very file may run."""

    path: Path
    sha256: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


class AllowedPrograms:
    """The port CommandRunner; each program gets an empty folder below `base`, gone afterwards."""

    def __init__(self, programs: Mapping[str, Program], base: Path) -> None:
        self._programs = dict(programs)
        self._base = base

    async def run(
        self, program: str, arguments: Sequence[str], timeout: float, key: str = ""
    ) -> Finished:
        """One program to its end; at its deadline the whole process group is killed."""
        allowed = self._programs.get(program)
        if allowed is None:
            raise Refused(
                f"there is no program {clean(program, limit=80)}",
                hint="docs/platform.md: programs",
                unchanged="nothing was started",
            )
        if any("\0" in argument for argument in arguments):
            raise Refused("an argument holds a NUL", unchanged="nothing was started")
        await asyncio.to_thread(check_file, allowed)
        self._base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._base, prefix="run-") as folder:
            more = {**allowed.environment, KEY: key} if key else allowed.environment
            known = replace(allowed, environment=more)
            return await _run(program, known, arguments, folder, timeout)


def check_file(program: Program) -> None:
    """Refused where somebody else than root or we could have put another file there."""
    trusted = (0, os.getuid())
    try:
        real = program.path.resolve(strict=True)
        for place in (real, *real.parents):
            found = place.stat()
            # A sticky folder that all may write in, such as /tmp, still protects what is others'.
            is_open = bool(found.st_mode & 0o022) and not found.st_mode & stat.S_ISVTX
            if found.st_uid not in trusted or is_open:
                raise _unsafe(program, f"{place} can be changed by others")
        mode = real.stat().st_mode
        if not stat.S_ISREG(mode) or mode & (stat.S_ISUID | stat.S_ISGID):
            raise _unsafe(program, "it is no plain file")
        if program.sha256 and hashlib.sha256(real.read_bytes()).hexdigest() != program.sha256:
            raise _unsafe(program, "its digest is another one than the access file says")
    except OSError as error:
        raise _unsafe(program, error.strerror or "it cannot be read") from None


async def _run(
    name: str, program: Program, arguments: Sequence[str], folder: str, timeout: float
) -> Finished:
    try:
        process = await asyncio.create_subprocess_exec(
            str(program.path),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env={**_ENVIRONMENT, "HOME": folder, "TMPDIR": folder, **program.environment},
            start_new_session=True,
        )
    except OSError as error:
        raise InfctlError(
            f"{name} cannot be started: {error.strerror}", unchanged="nothing was started"
        ) from None
    try:
        async with asyncio.timeout(timeout):
            outputs = await asyncio.gather(_read(process.stdout), _read(process.stderr))
            code = await process.wait()
    except TimeoutError:
        raise Unreachable(f"{name} did not end within {timeout:g} s, and was killed") from None
    finally:
        await _end(process)
    return Finished(code, *(text.decode(errors="replace") for text in outputs))


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """The first 64 KiB; the rest is read too, so that the program never waits for us."""
    kept = bytearray()
    while stream is not None and (chunk := await stream.read(LARGEST)):
        kept += chunk[: LARGEST - len(kept)]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing that it started stays: the group is killed, whether it ended or not."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE_SECONDS):
            await process.wait()


def _unsafe(program: Program, why: str) -> Refused:
    return Refused(
        f"{program.path} is not run: {clean(why, limit=300)}", unchanged="nothing was started"
    )
