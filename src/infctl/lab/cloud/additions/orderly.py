"""One request at a time for each service whose conditions people build on.

moto's server has a thread a request and checks a condition before it writes without a lock: of two
conditional writes at once both can win. Other services stay as they are (a receive call of SQS may
wait for twenty seconds). The body is read before the lock is asked for, so that a slow client holds
up nobody else.
"""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from infctl.lab.cloud.additions import work
from infctl.lab.cloud.requests import scope_of

_SERVICES: Final = ("dynamodb", "kms", "monitoring", "route53", "s3", "sns")

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Orderly:
    """A WSGI application around moto's; `/_infctl/` is the fronts' own way in."""

    def __init__(self, moto: Application) -> None:
        self._moto = moto
        self._locks = {service: threading.RLock() for service in _SERVICES}

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Any:
        """Serve a request when it is its turn."""
        if environ.get("PATH_INFO", "").startswith(work.PREFIX):
            with self._locks["s3"], self._locks["sns"]:
                return work.serve(environ)(environ, start)
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        headers = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        lock = self._locks.get(scope_of(headers, query).service)
        if lock is None:
            return self._moto(environ, start)
        _read_body(environ)
        with lock:
            return self._moto(environ, start)


def _read_body(environ: Environ) -> None:
    length = environ.get("CONTENT_LENGTH")
    given = environ["wsgi.input"]
    if length and length.isdigit():
        environ["wsgi.input"] = io.BytesIO(given.read(int(length)))
    elif environ.get("wsgi.input_terminated"):
        environ["wsgi.input"] = io.BytesIO(given.read())
