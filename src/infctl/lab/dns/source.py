"""Reads everything that Route 53 holds, from the cloud's own process."""

from collections.abc import AsyncIterator
from typing import Protocol
from xml.etree.ElementTree import Element

import aiohttp

from infctl.lab.dns import reading
from infctl.lab.dns.records import Catalogue, Zone

_VERSION = "/2013-04-01"
# The cloud checks no signatures; it reads the service and its region from the scope.
_HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/route53/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
_TIMEOUT = aiohttp.ClientTimeout(total=5, sock_connect=2)


class SourceFailed(Exception):
    """Route 53 could not be read."""


class Source(Protocol):
    """Where zones and health checks come from."""

    async def read(self) -> Catalogue:
        """Everything; SourceFailed where it cannot be had."""


class CloudSource:
    """Route 53's API at `base`."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def read(self) -> Catalogue:
        """All zones and health checks."""
        try:
            zones = {name: await self._zone(i, name) async for i, name in self._zones()}
            checks = {
                check.id: check
                async for page in self._pages("/healthcheck", {"NextMarker": "marker"})
                for check in reading.read_checks(page)
            }
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SourceFailed(f"Route 53 at {self._base}: {error!r}") from error
        return Catalogue(zones, checks)

    async def _zones(self) -> AsyncIterator[tuple[str, str]]:
        async for page in self._pages("/hostedzone", {"NextMarker": "marker"}):
            for found in reading.read_zones(page):
                yield found

    async def _zone(self, identifier: str, name: str) -> Zone:
        marks = {
            "NextRecordName": "name",
            "NextRecordType": "type",
            "NextRecordIdentifier": "identifier",
        }
        pages = self._pages(f"/hostedzone/{identifier}/rrset", marks)
        sets = [item async for page in pages for item in reading.read_record_sets(page)]
        return reading.build_zone(identifier, name, sets)

    async def _pages(self, path: str, marks: dict[str, str]) -> AsyncIterator[Element]:
        """All pages of a list; `marks` are the answer's elements that become query parameters."""
        query: dict[str, str] = {}
        while True:
            url = f"{self._base}{_VERSION}{path}"
            async with self._session.get(
                url, params=query, headers=_HEADERS, timeout=_TIMEOUT, raise_for_status=True
            ) as answer:
                page = reading.parse(await answer.read())
            yield page
            query = {asked: page.findtext(tag) or "" for tag, asked in marks.items()}
            query = {key: value for key, value in query.items() if value}
            if page.findtext("IsTruncated") != "true" or not query:
                return
