"""One tree of errors: what happened, what was left unchanged, the next command to type.

    InfctlError                 exit 1    the operation did not work
    ├── UsageError              exit 2    the words on the command line
    ├── Conflict                exit 1    fields that others own, or another object than was read
    ├── Refused                 exit 5    guard, lock, missing power, not confirmed
    │   └── Frozen                        somebody stopped everything, and why
    ├── Unmeasured              exit 6    part of the world did not answer
    │   └── Unreachable                   one endpoint, named
    ├── DeadlinePassed          exit 7    --timeout
    ├── JournalError            exit 74   nothing may be done that cannot be recorded
    ├── AlarmError              exit 74   nobody breaks the glass unheard
    ├── LeaseLost               exit 75
    ├── CredentialsError        exit 77
    └── ConfigurationError      exit 78   file, line and column

Library exceptions become these in `clients` alone; `commands` prints them in one place.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Every exit code of infctl; there is no other table."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MEASURED_BAD = 3
    PAUSED = 4
    REFUSED = 5
    UNDECIDED = 6
    TIMEOUT = 7
    CHANGES = 8
    BUG = 70
    JOURNAL = 74
    LEASE_LOST = 75
    CREDENTIALS = 77
    CONFIGURATION = 78
    HANGUP = 129
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143


_PRECEDENCE = (70, 74, 75, 77, 78, 1, 5, 4, 3, 7, 6, 8)


def worst(*codes: int) -> int:
    """The one exit code to leave with when several apply, by the fixed precedence."""
    for code in _PRECEDENCE:
        if code in codes:
            return code
    return max(codes, default=0)


class InfctlError(Exception):
    """Something that a user must be told.

    `what` happened, in a sentence; `unchanged` is what was left as it was; `hint` is the next
    command to type. None of them may hold a secret.
    """

    exit_code: Exit = Exit.FAILED

    def __init__(self, what: str, *, hint: str = "", unchanged: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.unchanged = unchanged


class UsageError(InfctlError):
    """The command line asks for what does not exist."""

    exit_code = Exit.USAGE


class Conflict(InfctlError):
    """Other managers own fields that we would change: their names, and the fields.

    Without managers: the object is no longer the one that was read.
    """

    def __init__(
        self,
        what: str,
        *,
        managers: tuple[str, ...] = (),
        fields: tuple[str, ...] = (),
        hint: str = "",
        unchanged: str = "",
    ) -> None:
        super().__init__(what, hint=hint, unchanged=unchanged)
        self.managers = managers
        self.fields = fields


class Refused(InfctlError):
    """A guard, a lock or a missing confirmation stands in the way; nothing was changed."""

    exit_code = Exit.REFUSED


class Frozen(Refused):
    """`infctl freeze` is in force: no executor acts until `infctl freeze --lift`."""


class Unmeasured(InfctlError):
    """We could not measure, so we do not judge."""

    exit_code = Exit.UNDECIDED


class Unreachable(Unmeasured):
    """One endpoint gave no answer in time."""


class DeadlinePassed(InfctlError):
    """The deadline given with --timeout passed."""

    exit_code = Exit.TIMEOUT


class JournalError(InfctlError):
    """The journal cannot be written or does not verify: no act without intent."""

    exit_code = Exit.JOURNAL


class AlarmError(InfctlError):
    """The alarm of a broken glass cannot be written: nothing is overridden unheard."""

    exit_code = Exit.JOURNAL


class LeaseLost(InfctlError):
    """Another holder took over; it is safe to retry."""

    exit_code = Exit.LEASE_LOST


class CredentialsError(InfctlError):
    """The world refuses who we are."""

    exit_code = Exit.CREDENTIALS


class ConfigurationError(InfctlError):
    """A file is wrong; `what` begins with file:line:column where they are known."""

    exit_code = Exit.CONFIGURATION
