"""Bounds on what `requests` reads: a whole answer has a size and a deadline, not only each read."""

import io
import time
from typing import Any

from requests import ConnectionError as Failed
from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

LARGEST = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class BoundedAdapter(HTTPAdapter):
    """Never asks twice, and gives up on an answer that is too large or too slow."""

    def __init__(self, seconds: float, largest: int = LARGEST) -> None:
        super().__init__(max_retries=0, pool_maxsize=8)
        self._seconds = seconds
        self._largest = largest

    def send(self, *args: Any, **kwargs: Any) -> Response:
        """Send a request and read the whole answer within the bounds."""
        end = time.monotonic() + self._seconds
        response = super().send(*args, **{**kwargs, "stream": True})
        try:
            body = self._read(response.raw, end)
        except HTTPError as error:
            raise Failed(error, request=response.request) from error
        finally:
            response.close()
        # The library reads what it finds here, when it is asked for the content.
        response.raw = io.BytesIO(body)
        return response

    def _read(self, raw: Any, end: float) -> bytes:
        body = bytearray()
        # What has arrived, not a full chunk: a server that drips would hold us for ever.
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._largest:
                raise HTTPError(f"an answer of more than {self._largest} bytes")
            if time.monotonic() > end:
                raise HTTPError(f"no whole answer within {self._seconds:g} s")
        return bytes(body)


def bound(session: Session, url: str, seconds: float) -> None:
    """Hold a session to one endpoint's bounds; no redirect leads it to another."""
    session.max_redirects = 0
    session.mount(url, BoundedAdapter(seconds))
