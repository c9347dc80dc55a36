"""Which region a bucket lies in, as moto knows it."""

import time

import aiohttp

_HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
_KNOWN_SECONDS = 30.0
_TIMEOUT = aiohttp.ClientTimeout(total=5, sock_connect=2)


class Buckets:
    """Asks moto and remembers for half a minute; a bucket that is not there is never remembered."""

    def __init__(self, session: aiohttp.ClientSession, moto: str) -> None:
        self._session = session
        self._moto = moto
        self._known: dict[str, tuple[str, float]] = {}

    async def region_of(self, bucket: str) -> str:
        """The region's name, or empty where there is no such bucket (or nobody to ask)."""
        region, until = self._known.get(bucket, ("", 0.0))
        if time.monotonic() < until:
            return region
        try:
            async with self._session.head(
                f"{self._moto}/{bucket}", headers=_HEADERS, timeout=_TIMEOUT
            ) as answer:
                region = answer.headers.get("x-amz-bucket-region", "")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return ""
        if region:
            self._known[bucket] = (region, time.monotonic() + _KNOWN_SECONDS)
        return region

    def forget(self, bucket: str) -> None:
        """Ask again next time."""
        self._known.pop(bucket, None)
