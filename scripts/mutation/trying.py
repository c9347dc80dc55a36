"""Tries mutants: each in a process forked from one that has collected all tests."""

import contextlib
import hashlib
import itertools
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mutation.making import SOURCES, Mutant

TESTS = [
    *(f"tests/engine/{name}" for name in ("guards", "locks")),
    *(f"tests/engine/test_{name}.py" for name in ("adoption", "guards", "lint", "traffic")),
    *(f"tests/engine/test_journal{name}.py" for name in ("", "_corpus", "_faults", "_limits")),
    *(f"tests/engine/test_journal_{name}.py" for name in ("checks", "files", "spill")),
    *(f"tests/engine/test_{name}.py" for name in ("journal_spill_files", "reading_journals")),
    *(f"tests/engine/test_machine{name}.py" for name in ("", "_decisions", "_freezes")),
    *(f"tests/engine/test_{name}.py" for name in ("undo", "undo_deadline", "poisoned_undo")),
    *(f"tests/engine/test_{name}_of_a_step.py" for name in ("stages", "attempts")),
    "tests/engine/test_records_of_an_undo.py",
    "tests/engine/test_choices.py",
]
"""Those of the parts that are mutated; neither their crashes nor whole operations and runs."""
SLOW = (
    "test_many_starts.py",
    "test_the_right_lock_survives_every_day",
    "test_whatever_the_lines_do",
    "test_a_holder_that_slept_does_nothing_more",
    "followed_after_a_whole_lease_and_never_before[5]",
    "test_b34_a_long_journal_warns_once",
)
"""Seconds each, for every mutant in reach: not asked."""
BUDGET = 8.0
"""Seconds of tests that a mutant may take, beyond its first test."""
NOTES = Path("mutants/notes")
MEMORY = 2 << 30
"""Bytes that a mutant may take: some never stop to write."""
NOTICED = ("killed", "timed out")
_UNREACHED = "reached by no test"


@dataclass(frozen=True)
class Trial:
    """What became of one mutant."""

    mutant: Mutant
    outcome: str


class Trials:
    """Runs the sample inside of pytest's own loop over the collected tests."""

    def __init__(self, sample: list[Mutant], controls: int, processes: int) -> None:
        self._sample = sample
        self._controls = controls
        self._processes = processes
        self._items: dict[str, pytest.Item] = {}
        self._seconds: dict[str, float] = {}
        self._width: dict[str, int] = {}
        self._reach: dict[str, set[str]] = {}
        self.broken: list[str] = []
        self.done: list[Trial] = []

    def run(self) -> None:
        """Collect, see which test reaches what, and try all."""
        sources = str(SOURCES.resolve())
        sys.path.insert(0, sources)
        os.environ["PYTHONPATH"] = sources
        options = ["-p", "no:cacheprovider", "-m", "not control_plane", "-s", "-q", "-q"]
        options += ["--timeout", "0"]
        pytest.main([*TESTS, *options], plugins=[self])

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running every test once."""
        from hypothesis import settings

        import infctl

        if str(SOURCES) not in str(infctl.__file__):
            raise pytest.UsageError(f"{infctl.__file__} is not the copy with the mutants")
        settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
        settings.load_profile("mutation")
        fast = [item for item in session.items if not any(s in item.nodeid for s in SLOW)]
        self._items = {item.nodeid: item for item in fast}
        self._learn()
        if not self.broken:
            self._try_all()
        return True

    def _learn(self) -> None:
        """One pass over all tests without a mutant, noting which functions each of them calls.

        What was noted before of files that are as they were then is kept.
        """
        known = {note[0]: note for note in map(json.loads, _lines(NOTES))}
        digests = {item.path: _digest(item.path) for item in self._items.values()}
        sources = _digest(*sorted(SOURCES.glob("infctl/engine/**/*.py")))
        keys = {t: f"{digests[item.path]} {sources}" for t, item in self._items.items()}
        kept = {t: n for t, n in known.items() if n[1] == keys.get(t) and n[2]}
        NOTES.write_text("".join(f"{json.dumps(note)}\n" for note in kept.values()))
        with tempfile.TemporaryDirectory() as folder:
            fresh = {test: key for test, key in keys.items() if test not in kept}
            os.waitpid(_fork(lambda: self._note(fresh), folder), 0)
        for test, _, is_good, seconds, functions in map(json.loads, _lines(NOTES)):
            if not is_good:
                self.broken.append(test)
            self._seconds[test] = seconds
            self._width[test] = len(functions)
            for function in functions:
                self._reach.setdefault(function, set()).add(test)

    def _note(self, keys: dict[str, str]) -> int:
        from mutmut.state import state

        with NOTES.open("a") as file:
            for test, key in keys.items():
                state()._stats.clear()  # noqa: SLF001 - mutmut's own runner does the same
                begun = time.monotonic()
                os.environ["MUTANT_UNDER_TEST"] = "stats"
                is_good = _passes(self._items[test])
                seconds = time.monotonic() - begun
                found = sorted(state()._stats)  # noqa: SLF001
                file.write(f"{json.dumps([test, key, is_good, seconds, found])}\n")
                file.flush()
        return 0

    def _tests_of(self, mutant: Mutant) -> list[str]:
        """Those that reach it: fast ones first, and those that reach little else."""
        reaching = self._reach.get(mutant.function, set())
        ordered = sorted(reaching, key=lambda t: (self._seconds[t] * self._width[t], t))
        spent = itertools.accumulate(self._seconds[test] for test in ordered)
        return [t for t, s in zip(ordered, spent, strict=True) if s <= BUDGET] or ordered[:1]

    def _try_all(self) -> None:
        step = max(1, len(self._sample) // max(1, self._controls))
        controls = self._sample[::step][: self._controls]
        tasks = [(mutant, True) for mutant in controls]
        tasks += [(mutant, False) for mutant in self._sample]
        for number, (mutant, is_control, outcome) in enumerate(self._outcomes(tasks), 1):
            print(f"{number}/{len(tasks)} {outcome} {mutant.name}", file=sys.stderr, flush=True)
            if not is_control:
                self.done.append(Trial(mutant, outcome))
            elif outcome in NOTICED:
                self.broken.append(f"one of those that reach {mutant.function}")
        self.done.sort(key=lambda trial: trial.mutant.name)

    def _outcomes(self, tasks: list[tuple[Mutant, bool]]) -> Iterator[tuple[Mutant, bool, str]]:
        """So many processes at once; each mutant's outcome as it ends."""
        waiting = list(reversed(tasks))
        running: dict[int, tuple[Mutant, bool, str]] = {}
        while waiting or running:
            while waiting and len(running) < self._processes:
                mutant, is_control = waiting.pop()
                tests = self._tests_of(mutant)
                if not tests:
                    yield mutant, is_control, _UNREACHED
                    continue
                folder = tempfile.mkdtemp(prefix="m")
                child = self._start(mutant.name if not is_control else "", tests, folder)
                running[child] = (mutant, is_control, folder)
            for child in list(running):
                ended, status = os.waitpid(child, os.WNOHANG)
                if not ended:
                    continue
                mutant, is_control, folder = running.pop(child)
                shutil.rmtree(folder, ignore_errors=True)
                yield mutant, is_control, _word(status)
            time.sleep(0.01)

    def _start(self, mutant: str, tests: list[str], folder: str) -> int:
        def work() -> int:
            os.environ["MUTANT_UNDER_TEST"] = mutant
            for test in tests:
                # Past these the process dies: of CPU time little, of other time more.
                signal.setitimer(signal.ITIMER_PROF, 3 + 4 * self._seconds[test])
                signal.setitimer(signal.ITIMER_REAL, 20 + 8 * self._seconds[test])
                if not _passes(self._items[test]):
                    return 1
            return 0

        return _fork(work, folder)


class _Verdict:
    """Remembers whether any phase of a test failed."""

    def __init__(self) -> None:
        self.is_good = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase ended."""
        self.is_good = self.is_good and not report.failed


def _passes(item: pytest.Item) -> bool:
    verdict = _Verdict()
    item.config.pluginmanager.register(verdict)
    try:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    finally:
        item.config.pluginmanager.unregister(verdict)
    return verdict.is_good


def _fork(work: Any, folder: str) -> int:
    """A child with its own folder for temporary files; it says nothing."""
    child = os.fork()
    if child:
        return child
    code = 1
    with contextlib.suppress(BaseException):
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        code = work()
    os._exit(code)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _digest(*paths: Path) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def _word(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM):
        return "timed out"
    return "survived" if status == 0 else "killed"
