"""DynamoDB: a repeated transaction is done once, and a bad expression is the client's fault.

moto does a transaction again for the same ClientRequestToken, which SDKs send with every retry, and
breaks down on expressions that it cannot read.
"""

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from moto.dynamodb import comparisons, exceptions, responses

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.spec import Lab

_REMEMBERED_SECONDS: Final = 600.0
_VALUE: Final = re.compile(r":[A-Za-z0-9_]+")
_done: dict[tuple[str, str], tuple[float, Any, Any]] = {}


def install(_: Lab) -> None:
    """Around the ways in that have conditions."""
    wrap(responses.DynamoHandler, "transact_write_items")(_transact)
    for name in ("put_item", "update_item", "delete_item"):
        wrap(responses.DynamoHandler, name)(_check_values)
    wrap(comparisons.ConditionExpressionParser, "parse")(_parse)


def _transact(original: Any, handler: Any) -> Any:
    token, asked = handler.body.get("ClientRequestToken"), handler.body["TransactItems"]
    now, key = time.monotonic(), (handler.region, str(token))
    for old in [old for old, (moment, _, _) in _done.items() if now - moment > _REMEMBERED_SECONDS]:
        del _done[old]
    if token and key in _done:
        _, before, answer = _done[key]
        if before != asked:
            raise Mismatch
        return answer
    answer = original(handler)
    if token:
        _done[key] = (now, asked, answer)
    return answer


class Mismatch(exceptions.DynamodbException):
    """The token of another transaction."""

    def __init__(self) -> None:
        kind = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"
        super().__init__(kind, message="The token was used for another request.")


def _check_values(original: Any, handler: Any) -> Any:
    fault = find_unused(handler.body)
    if fault:
        raise exceptions.MockValidationException(fault)
    return original(handler)


def find_unused(body: Mapping[str, Any]) -> str:
    """What DynamoDB says of values that no expression names; empty where there are none."""
    given = body.get("ExpressionAttributeValues")
    if given is None:
        return ""
    texts = [str(body.get(name) or "") for name in ("ConditionExpression", "UpdateExpression")]
    if not any(texts):
        return "ExpressionAttributeValues can only be specified when using expressions"
    unused = sorted(set(given) - set(_VALUE.findall(" ".join(texts))))
    keys = "{" + ", ".join(unused) + "}"
    said = f"Value provided in ExpressionAttributeValues unused in expressions: keys: {keys}"
    return said if unused else ""


def _parse(original: Any, parser: Any) -> Any:
    try:
        return original(parser)
    except KeyError as error:
        message = f"An expression attribute value used in expression is not defined: {error}"
        raise exceptions.MockValidationException(
            f"Invalid ConditionExpression: {message}"
        ) from error
    except (IndexError, ValueError) as error:
        raise exceptions.MockValidationException(
            f"Invalid ConditionExpression: Syntax error; {error}"
        ) from error
