"""Where people prove who they are: password, then the second factor, both judged here."""

import hmac
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infctl.lab.identity import files, onetime
from infctl.lab.identity.guesses import UNKNOWN, Guesses
from infctl.lab.identity.people import Person

log = logging.getLogger(__name__)
Clock = Callable[[], float]
_NEVER = -1


class Refused(Exception):
    """Nobody was let in; `wait` is in how many seconds guesses are looked at again.

    `status` is what HTTP says of it.
    """

    def __init__(self, what: str, wait: float = 0.0, status: int = 401) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait
        self.status = 429 if wait else status


@dataclass(frozen=True, slots=True)
class Login:
    """Who was let in when, and by which methods (RFC 8176: `pwd`, `otp`)."""

    person: Person
    methods: tuple[str, ...]
    at: int


class Desk:
    """Judges passwords and one-time codes; which codes were used outlives the process."""

    def __init__(self, people: Mapping[str, Person], used: Path, clock: Clock = time.time) -> None:
        self._people = people
        self._clock = clock
        self._guesses = Guesses()
        self._path = used
        self._used: dict[str, int] = files.read(used) if used.exists() else {}

    def let_in(self, name: str, password: str, code: str = "") -> Login:
        """Somebody's login; Refused for what is wrong, without saying which of it."""
        now = self._clock()
        person = self._people.get(name)
        counted = name if person else UNKNOWN
        if wait := self._guesses.wait(counted, now):
            raise Refused("too many wrong guesses", wait)
        if person is None or not _is_same(person.password, password):
            raise self._wrong(counted, now)
        methods: tuple[str, ...] = ("pwd",)
        if code:
            self._use(person, code, now)
            methods = ("pwd", "otp")
        self._guesses.forget(counted)
        log.info("%s logged in by %s", person.name, "+".join(methods))
        return Login(person, methods, int(now))

    def _use(self, person: Person, code: str, now: float) -> None:
        last = self._used.get(person.name, _NEVER)
        found = onetime.find(person.factor, code, now, last) if person.factor else None
        if found is None:
            raise self._wrong(person.name, now)
        self._used[person.name] = found
        files.write(self._path, self._used)

    def _wrong(self, counted: str, now: float) -> Refused:
        self._guesses.count(counted, now)
        log.warning("a guess for %s was wrong", counted or "nobody known")
        return Refused("name, password or code is wrong, or the code was used before")


def last_used(path: Path, name: str) -> int:
    """The counter of the last code of somebody's that was accepted; -1 if there was none."""
    found: dict[str, int] = files.read(path) if path.exists() else {}
    return found.get(name, _NEVER)


def used_path(folder: Path) -> Path:
    """Where the last accepted counters are kept."""
    return folder / "used.json"


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
