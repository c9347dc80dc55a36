"""Conditional writes: of many at once exactly one wins, which locks build on."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGION = "eu-west-1"
ROUNDS, AT_ONCE = 15, 6
_names = itertools.count(1)


@pytest.fixture(scope="module")
def clients(running: Any) -> list[Any]:
    return [running.client("dynamodb", REGION, at=REGION) for _ in range(AT_ONCE)]


@pytest.fixture(scope="module")
def table(clients: list[Any]) -> str:
    clients[0].create_table(
        TableName="conditions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    return "conditions"


def wins(acts: list[Callable[[], Any]], lost: str) -> int:
    """How many of some acts at once succeed; the others are refused with that code."""

    def one(act: Callable[[], Any]) -> bool:
        try:
            act()
        except ClientError as error:
            if error.response["Error"]["Code"] != lost:
                raise
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(pool.map(one, acts))


def put_if_absent(client: Any, table: str, key: str) -> Callable[[], Any]:
    return lambda: client.put_item(
        TableName=table,
        Item={"k": {"S": key}},
        ConditionExpression="attribute_not_exists(k)",
    )


def raise_fence(client: Any, table: str, known: int) -> Callable[[], Any]:
    return lambda: client.update_item(
        TableName=table,
        Key={"k": {"S": "fence"}},
        UpdateExpression="SET fence = :new",
        ConditionExpression="fence = :old",
        ExpressionAttributeValues={":old": {"N": str(known)}, ":new": {"N": str(known + 1)}},
    )


def make_object(client: Any, key: str) -> Callable[[], Any]:
    return lambda: client.put_object(Bucket="conditions", Key=key, Body=b"x", IfNoneMatch="*")


def test_one_of_many_conditional_puts_wins(clients: list[Any], table: str) -> None:
    for _ in range(ROUNDS):
        key = f"put-{next(_names)}"
        acts = [put_if_absent(client, table, key) for client in clients]
        assert wins(acts, "ConditionalCheckFailedException") == 1


def test_one_of_many_updates_from_a_known_fence_wins(clients: list[Any], table: str) -> None:
    clients[0].put_item(TableName=table, Item={"k": {"S": "fence"}, "fence": {"N": "0"}})
    for number in range(ROUNDS):
        acts = [raise_fence(client, table, number) for client in clients]
        assert wins(acts, "ConditionalCheckFailedException") == 1


def test_one_of_many_transactions_wins_and_the_others_write_nothing(
    clients: list[Any], table: str
) -> None:
    key = f"transaction-{next(_names)}"

    def act(client: Any, number: int) -> Callable[[], Any]:
        first = {"TableName": table, "Item": {"k": {"S": key}}}
        mine = {"TableName": table, "Item": {"k": {"S": f"{key}-{number}"}}}
        items = [
            {"Put": mine},
            {"Put": {**first, "ConditionExpression": "attribute_not_exists(k)"}},
        ]
        return lambda: client.transact_write_items(TransactItems=items)

    acts = [act(client, number) for number, client in enumerate(clients)]
    assert wins(acts, "TransactionCanceledException") == 1
    found = [
        clients[0].get_item(TableName=table, Key={"k": {"S": f"{key}-{number}"}}).get("Item")
        for number in range(AT_ONCE)
    ]
    assert sum(item is not None for item in found) == 1


def test_one_of_many_puts_of_an_object_that_must_not_be_there_wins(running: Any) -> None:
    s3 = [running.client("s3", REGION, at=REGION) for _ in range(AT_ONCE)]
    where = {"LocationConstraint": REGION}
    s3[0].create_bucket(Bucket="conditions", CreateBucketConfiguration=where)
    for number in range(ROUNDS):
        acts = [make_object(client, str(number)) for client in s3]
        assert wins(acts, "PreconditionFailed") == 1


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        ("attribute_not_exists(absent)", {}, True),
        ("attribute_exists(absent)", {}, False),
        ("n > :v", {":v": {"N": "9"}}, True),
        ("n > :v", {":v": {"N": "10"}}, False),
        ("n < :v", {":v": {"N": "9"}}, False),
        ("n = :v", {":v": {"S": "10"}}, False),
        ("absent = :v", {":v": {"S": "x"}}, False),
        ("absent <> :v", {":v": {"S": "x"}}, True),
        ("attribute_not_exists(k) OR holder = :v", {":v": {"S": "me"}}, True),
        (
            "holder = :v AND n BETWEEN :a AND :b",
            {":v": {"S": "me"}, ":a": {"N": "1"}, ":b": {"N": "10"}},
            True,
        ),
        ("attribute_type(n, :v)", {":v": {"S": "N"}}, True),
        ("begins_with(holder, :v)", {":v": {"S": "m"}}, True),
        ("NOT (holder IN (:v))", {":v": {"S": "me"}}, False),
        ("size(holder) = :v", {":v": {"N": "2"}}, True),
    ],
)
def test_a_condition_means_what_the_vendor_says(
    clients: list[Any], table: str, condition: str, values: dict[str, Any], holds: bool
) -> None:
    item = {"k": {"S": "table"}, "n": {"N": "10"}, "holder": {"S": "me"}}
    clients[0].put_item(TableName=table, Item=item)
    more = {"ExpressionAttributeValues": values} if values else {}
    act = lambda: clients[0].put_item(  # noqa: E731
        TableName=table, Item=item, ConditionExpression=condition, **more
    )
    assert wins([act], "ConditionalCheckFailedException") == holds


def test_a_failed_condition_shows_the_old_item_where_that_is_asked_for(
    clients: list[Any], table: str
) -> None:
    clients[0].put_item(TableName=table, Item={"k": {"S": "old"}, "who": {"S": "me"}})
    with pytest.raises(ClientError) as refused:
        clients[0].put_item(
            TableName=table,
            Item={"k": {"S": "old"}},
            ConditionExpression="attribute_not_exists(k)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"]["who"] == {"S": "me"}


def test_a_transaction_that_is_sent_again_is_done_once(clients: list[Any], table: str) -> None:
    key = f"again-{next(_names)}"
    add = {
        "TableName": table,
        "Key": {"k": {"S": key}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        clients[0].transact_write_items(ClientRequestToken=key, TransactItems=[{"Update": add}])
    found = clients[0].get_item(TableName=table, Key={"k": {"S": key}})["Item"]
    assert found["n"] == {"N": "1"}
    delete = {"TableName": table, "Key": {"k": {"S": key}}}
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        clients[0].transact_write_items(ClientRequestToken=key, TransactItems=[{"Delete": delete}])


@pytest.mark.parametrize(
    ("condition", "values", "fault"),
    [
        ("n = = :v", {":v": {"N": "1"}}, "Invalid ConditionExpression"),
        ("n = :v", {}, "Invalid ConditionExpression"),
        ("n = :v", {":v": {"N": "1"}, ":w": {"N": "1"}}, "unused in expressions: keys: {:w}"),
        ("", {":v": {"N": "1"}}, "can only be specified when using expressions"),
    ],
)
def test_an_expression_that_cannot_be_read_is_the_clients_fault(
    clients: list[Any], table: str, condition: str, values: dict[str, Any], fault: str
) -> None:
    more: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
    if condition:
        more["ConditionExpression"] = condition
    with pytest.raises(ClientError, match=fault) as refused:
        clients[0].put_item(TableName=table, Item={"k": {"S": "bad"}}, **more)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
