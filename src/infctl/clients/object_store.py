"""S3 of one cloud region behind the port `ObjectStore`."""

import json
from typing import Any

from infctl.clients.aws import Account, CloudRefusal, Service
from infctl.errors import InfctlError

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_OURS_ALREADY = frozenset({"BucketAlreadyOwnedByYou"})
_CLASSIC = "us-east-1"
"""The one region that CreateBucket does not take as a LocationConstraint."""
_WITNESS = "ETag"
"""S3 gives it with every object; a page of some portal that answers 200 to all has none."""
LARGEST = 64 * 1024 * 1024


class S3Store:
    """Buckets and objects; a data plane."""

    def __init__(self, region: str, account: Account) -> None:
        self.region = region
        self._location = account.region
        self._service = Service("s3", account, f"S3 of {region}")

    async def ensure_bucket(self, bucket: str, *, public_read: bool = False) -> None:
        """Create the bucket where missing, versioned; open its objects to checkers if asked."""

        def ensure(client: Any) -> None:
            self._create(client, bucket)
            client.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
            if public_read:
                _open_to_checkers(client, bucket)

        await self._service.call(ensure)

    async def buckets(self) -> list[str]:
        """The names of all buckets there."""

        def names(client: Any) -> list[str]:
            return [str(b["Name"]) for b in client.list_buckets()["Buckets"]]

        return await self._service.call(names)

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write one object."""
        await self._service.call(
            lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=body)[_WITNESS]
        )

    async def get(self, bucket: str, key: str) -> bytes | None:
        """One object's bytes, or None if there is none."""

        def read(client: Any) -> bytes:
            found = client.get_object(Bucket=bucket, Key=key)
            found[_WITNESS]
            with found["Body"] as content:
                body = bytes(content.read(LARGEST + 1))
            if len(body) > LARGEST:
                raise InfctlError(f"{bucket}/{key} is larger than {LARGEST} bytes")
            return body

        try:
            return await self._service.call(read)
        except CloudRefusal as error:
            if error.code in _MISSING:
                return None
            raise

    async def delete(self, bucket: str, key: str) -> None:
        """Delete one object; a missing one is no error."""
        try:
            await self._service.call(lambda s3: s3.delete_object(Bucket=bucket, Key=key))
        except CloudRefusal as error:
            if error.code not in _MISSING:
                raise

    async def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys below a prefix."""

        def names(client: Any) -> list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            whole = [page for page in pages if isinstance(page["IsTruncated"], bool)]
            return [str(entry["Key"]) for page in whole for entry in page.get("Contents", [])]

        return await self._service.call(names)

    async def warm(self) -> None:
        """Make the SDK's client now."""
        await self._service.warm()

    def close(self) -> None:
        """Give back the connections."""
        self._service.close()

    def _create(self, client: Any, bucket: str) -> None:
        from botocore.exceptions import ClientError

        place = {} if self._location == _CLASSIC else {"LocationConstraint": self._location}
        more = {"CreateBucketConfiguration": place} if place else {}
        try:
            client.create_bucket(Bucket=bucket, **more)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _OURS_ALREADY:
                raise


def _open_to_checkers(client: Any, bucket: str) -> None:
    """Route 53's health checkers sign nothing: a bucket policy lets everyone read its objects."""
    client.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    )
    statement = {
        "Sid": "HealthCheckers",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_bucket_policy(Bucket=bucket, Policy=policy)
