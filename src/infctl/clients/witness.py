"""An item in DynamoDB as a place that keeps the lock: conditional writes, consistent reads."""

import json
from collections.abc import Mapping
from typing import Any

from infctl.clients.aws import Account, CloudRefusal, Service
from infctl.errors import Conflict
from infctl.ports.lock import Holding, Seen
from infctl.ports.lock_text import decode, encode, unreadable

_KEY = "environment"
_RECORD = "holding"
_VERSION = "version"
_FAILED = "ConditionalCheckFailedException"
_MISSING = "ResourceNotFoundException"
_EXISTS = "ResourceInUseException"
_WRAP = 10**18


class DynamoWitness:
    """One item a environment in one table, in a cloud region of its own."""

    def __init__(self, table: str, environment: str, account: Account) -> None:
        self.name = f"witness-{account.region}"
        self._table = table
        self._environment = environment
        self._service = Service("dynamodb", account, f"DynamoDB of {account.region}")

    async def read(self) -> Seen:
        """What the item holds now."""
        key = {_KEY: {"S": self._environment}}

        def get(client: Any) -> Seen:
            answer = client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            # An answer of DynamoDB always has it; a page that says 200 to everything has not.
            answer["ResponseMetadata"]["RequestId"]
            return _seen(answer.get("Item", {}))

        return await self._service.call(get)

    async def write(self, holding: Holding, *, version: str) -> Seen:
        """Put the item where it still has that version."""
        following = str((int(version) + 1) % _WRAP) if version.isdigit() else "1"
        item = {
            _KEY: {"S": self._environment},
            _RECORD: {"S": encode(holding)},
            _VERSION: {"N": following},
        }
        condition: dict[str, Any] = {
            "ConditionExpression": "#v = :v" if version else "attribute_not_exists(#v)",
            "ExpressionAttributeNames": {"#v": _VERSION},
        }
        if version:
            condition["ExpressionAttributeValues"] = {":v": _value(version)}
        try:
            await self._service.call(
                lambda client: client.put_item(TableName=self._table, Item=item, **condition)
            )
        except CloudRefusal as error:
            if error.code == _FAILED:
                raise Conflict(f"{self.name} is not as it was read") from error
            raise
        return Seen(holding, following)

    async def ensure(self, *, dry_run: bool = False) -> bool:
        """Create the table where missing, and wait until it takes items."""
        try:
            await self._service.call(lambda client: client.describe_table(TableName=self._table))
            return True
        except CloudRefusal as error:
            if error.code != _MISSING:
                raise
        if not dry_run:
            await self._create()
        return False

    def close(self) -> None:
        """Give back the connections."""
        self._service.close()

    async def _create(self) -> None:
        def create(client: Any) -> None:
            client.create_table(
                TableName=self._table,
                AttributeDefinitions=[{"AttributeName": _KEY, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": _KEY, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )

        try:
            await self._service.call(create)
        except CloudRefusal as error:
            if error.code != _EXISTS:
                raise
        await self._service.call(
            lambda client: client.get_waiter("table_exists").wait(
                TableName=self._table, WaiterConfig={"Delay": 1, "MaxAttempts": 12}
            )
        )


def _seen(item: Mapping[str, Any]) -> Seen:
    if not item:
        return Seen(None, "")
    text = item.get(_RECORD, {}).get("S")
    found = decode(text)
    version = _token(item[_VERSION]) if _VERSION in item else ""
    return Seen(found if found is not None else unreadable(text, "unknown"), version)


def _token(value: Mapping[str, Any]) -> str:
    """The version as a text; what others put there instead of a number is kept as it is."""
    number = value.get("N")
    return number if isinstance(number, str) and number.isdigit() else json.dumps(dict(value))


def _value(token: str) -> Any:
    return {"N": token} if token.isdigit() else json.loads(token)
