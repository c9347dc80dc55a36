"""One request of one client over a connection that is kept; every end of it is a record."""

import time
import uuid
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from infctl.content.load_order import Order
from infctl.drills.load.resolution import CachedName
from infctl.ports.load import RequestRecord

_OK = range(200, 300)
_HEADERS = ("x-infctl-region", "x-infctl-model-version")
_NO_ANSWER = (0, "", "")
Note = Callable[[RequestRecord, str], None]


class Client:
    """A client with one connection, to the address that its name has now."""

    def __init__(
        self,
        name: str,
        cached: CachedName,
        order: Order,
        body: bytes,
        note: Note,
        *,
        country: str = "",
    ) -> None:
        self._name = name
        self._country = country
        self._cached = cached
        self._order = order
        self._body = body
        self._note = note
        self._connection: Any = None
        self._address = ""

    def send(self) -> RequestRecord:
        """Send one request and write it down."""
        address = self._cached.current()
        request_id = uuid.uuid4().hex
        started = time.time()
        status, region, model = self._exchange(address, request_id) if address else _NO_ANSWER
        record = RequestRecord(
            client=self._name,
            started=started,
            ended=time.time(),
            ok=status in _OK,
            status=status,
            region=region,
            address=address,
            country=self._country,
            model=model,
        )
        self._note(record, request_id)
        return record

    def close(self) -> None:
        """Give back the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _exchange(self, address: str, request_id: str) -> tuple[int, str, str]:
        """Status, region and model of the answer; 0 where there was none within the timeout."""
        from gevent import Timeout

        headers = {
            "Host": self._order.host,
            "content-type": "application/json",
            "x-request-id": request_id,
            "x-infctl-client": self._name,
        }
        try:
            with Timeout(self._order.timeout, TimeoutError):
                answer = self._connect(address).post(self._order.path, self._body, headers)
                answer.read()
                region, model = (str(answer.get(header) or "") for header in _HEADERS)
                return int(answer.status_code), region, model
        except (OSError, HTTPException):
            # The next request starts from a new connection, to the same address within the TTL.
            self.close()
            return _NO_ANSWER

    def _connect(self, address: str) -> Any:
        from geventhttpclient.client import HTTPClient

        if self._connection is None or self._address != address:
            self.close()
            timeout = self._order.timeout
            self._connection = HTTPClient(
                address, self._order.port, connection_timeout=timeout, network_timeout=timeout
            )
            self._address = address
        return self._connection
