"""S3 of one cloud region, in memory."""

from dataclasses import dataclass, field

from infctl.errors import InfctlError
from infctl.fakes.endpoint import Endpoint


@dataclass
class FakeStore:
    """Buckets by name; those in `public` can be read by health checkers."""

    region: str
    content: dict[str, dict[str, bytes]] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(f"s3 {self.region}")

    async def ensure_bucket(self, bucket: str, *, public_read: bool = False) -> None:
        """Create the bucket where missing."""
        await self.endpoint.answer()
        self.content.setdefault(bucket, {})
        if public_read:
            self.public.add(bucket)

    async def buckets(self) -> list[str]:
        """The names of all buckets."""
        await self.endpoint.answer()
        return sorted(self.content)

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write one object."""
        await self.endpoint.answer()
        self._bucket(bucket)[key] = bytes(body)

    async def get(self, bucket: str, key: str) -> bytes | None:
        """One object's bytes, or None if there is none."""
        await self.endpoint.answer()
        return self.content.get(bucket, {}).get(key)

    async def delete(self, bucket: str, key: str) -> None:
        """Delete one object; a missing one is no error."""
        await self.endpoint.answer()
        self.content.get(bucket, {}).pop(key, None)

    async def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys below a prefix, in order."""
        await self.endpoint.answer()
        return sorted(key for key in self._bucket(bucket) if key.startswith(prefix))

    def _bucket(self, bucket: str) -> dict[str, bytes]:
        if bucket not in self.content:
            raise InfctlError(f"{self.endpoint.name}: there is no bucket {bucket}")
        return self.content[bucket]
