"""One request at a time for each service whose conditions people build on.

moto's server has a thread a request and checks a condition before it writes without a lock: of two
conditional writes at once both can win. Other services stay as they are (a receive call of SQS may
wait for twenty seconds). The body is read before the lock is asked for, so that a slow client holds
up nobody else.
"""

import io
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from werkzeug.wrappers import Response

from infctl.lab.cloud import refusals
from infctl.lab.cloud.additions import work
from infctl.lab.cloud.requests import scope_of

_log = logging.getLogger(__name__)
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
        service = scope_of(headers, query).service
        lock = self._locks.get(service)
        if lock is None:
            return self._moto(environ, start)
        _read_body(environ)
        try:
            with lock:
                return self._moto(environ, start)
        except Exception as error:
            _log.exception("moto broke down on a request to %s", service)
            return _refuse(service, error, environ)(environ, start)


def _refuse(service: str, error: Exception, environ: Environ) -> Response:
    """In the service's own shape, so that people see more than a page of HTML."""
    refusal = refusals.refuse(
        service,
        500,
        "InternalFailure",
        f"The lab's cloud cannot make sense of this request ({type(error).__name__}); "
        "its log says more: infctl lab logs moto",
        target="HTTP_X_AMZ_TARGET" in environ,
    )
    return Response(
        refusal.body, refusal.status, refusal.headers, content_type=refusal.content_type
    )


def _read_body(environ: Environ) -> None:
    length = environ.get("CONTENT_LENGTH")
    given = environ["wsgi.input"]
    if length and length.isdigit():
        environ["wsgi.input"] = io.BytesIO(given.read(int(length)))
    elif environ.get("wsgi.input_terminated"):
        environ["wsgi.input"] = io.BytesIO(given.read())
