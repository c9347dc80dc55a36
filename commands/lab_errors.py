"""The one place where the lab's errors become infctl's."""

from collections.abc import Iterator
from contextlib import contextmanager

from infctl.errors import InfctlError, Refused, Unmeasured, UsageError


@contextmanager
def translated() -> Iterator[None]:
    """Raise the lab's errors as infctl's; a lab that is not running was not measured."""
    from infctl.lab.errors import BadName, Busy, LabError, NotRunning

    try:
        yield
    except NotRunning as error:
        raise Unmeasured(error.what, hint=error.hint) from error
    except Busy as error:
        raise Refused(error.what, hint=error.hint, unchanged="nothing was changed") from error
    except BadName as error:
        raise UsageError(error.what, hint=error.hint) from error
    except LabError as error:
        raise InfctlError(error.what, hint=error.hint) from error
    except OSError as error:
        raise InfctlError(f"{error.filename or 'the lab'}: {error.strerror or error}") from error
