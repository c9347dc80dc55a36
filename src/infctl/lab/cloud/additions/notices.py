"""SNS over HTTP: subscriptions wait to be confirmed, notices wait for the topic's region to send.

moto posts each notice itself while the publisher waits, to any address, and calls every
subscription confirmed.
"""

import itertools
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from moto.sns import models, responses
from moto.sns.exceptions import SNSInvalidParameter

from infctl.lab import addresses
from infctl.lab.cloud import notice_rules
from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.cloud.additions.signing import CERTIFICATE_PATH, sign
from infctl.lab.spec import Lab

_PENDING: Final = "pending confirmation"
_MOST_WAITING: Final = 10_000
_MOST_DUE: Final = 100


@dataclass(slots=True)
class Notice:
    """A body on its way to an endpoint. `next_try` is a moment of time.monotonic()."""

    number: int
    region: str
    endpoint: str
    body: str
    headers: dict[str, str]
    tries: int = 0
    next_try: float = 0.0
    last: str = ""


_numbers = itertools.count(1)
_waiting: dict[int, Notice] = {}
_counts = {"delivered": 0, "given up": 0}
_fronts: dict[str, str] = {}


def install(lab: Lab) -> None:
    """Put what moto would send by itself into the queue of the topic's region."""
    for region in lab.regions:
        _fronts[region.name] = f"http://{lab.edge(region, 'cloud')}:{addresses.CLOUD_PORT}"
    wrap(models.Subscription, "publish")(_publish)
    wrap(models.SNSBackend, "subscribe")(_subscribe)
    wrap(responses.SNSResponse, "subscribe")(_answer)
    wrap(responses.SNSResponse, "confirm_subscription")(_confirm)
    for name in ("list_subscriptions", "list_subscriptions_by_topic"):
        wrap(responses.SNSResponse, name)(_list)


def due(region: str) -> tuple[list[Notice], float | None]:
    """What a region's front should send now, and how many seconds the next one waits."""
    now = time.monotonic()
    # An alarm's notice comes while another service is served.
    waits = [
        (item, item.next_try - now) for item in list(_waiting.values()) if item.region == region
    ]
    later = [wait for _, wait in waits if wait > 0]
    return [item for item, wait in waits if wait <= 0][:_MOST_DUE], min(later, default=None)


def tell(number: int, ended: str) -> None:
    """How a try ended: empty where the endpoint took it, else why not."""
    notice = _waiting.get(number)
    if notice is None:
        return
    notice.tries, notice.last = notice.tries + 1, ended
    pause = notice_rules.pause_before(notice.tries) if ended else None
    if pause is not None:
        notice.next_try = time.monotonic() + pause
        return
    del _waiting[number]
    _counts["given up" if ended else "delivered"] += 1


def state() -> dict[str, Any]:
    """Counts, and what still waits with its tries and why."""
    waiting = [
        {"endpoint": n.endpoint, "region": n.region, "tries": n.tries, "last": n.last}
        for n in list(_waiting.values())
    ]
    return {**_counts, "waiting": waiting}


def _publish(original: Any, subscription: Any, message: str, message_id: str, **named: Any) -> None:
    if subscription.protocol != "http":
        original(subscription, message, message_id, **named)
        return
    if not subscription.confirmed:
        return
    matcher, attributes = subscription._filter_policy_matcher, named.get("message_attributes")
    if matcher is not None and not matcher.matches(attributes, message):
        return
    if named.get("message_structure") == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)
    if str(subscription.attributes.get("RawMessageDelivery")).lower() == "true":
        _queue(subscription, "Notification", message_id, message, raw=True)
        return
    document: dict[str, Any] = {"Type": "Notification", "MessageId": message_id, "Message": message}
    if named.get("subject"):
        document["Subject"] = named["subject"]
    body = _write(subscription, document)
    body["UnsubscribeURL"] = _address(subscription, "Unsubscribe", SubscriptionArn=subscription.arn)
    if attributes:
        body["MessageAttributes"] = attributes
    _queue(subscription, "Notification", message_id, json.dumps(body, indent=2))


def _subscribe(original: Any, backend: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
    if protocol in ("http", "https"):
        fault = notice_rules.endpoint_fault(endpoint, protocol)
        if fault:
            raise SNSInvalidParameter(f"Invalid parameter: {fault}")
    known = backend._find_subscription(topic_arn, endpoint, protocol)
    found = original(backend, topic_arn, endpoint, protocol)
    if protocol != "http" or (known and found.confirmed):
        found.confirmed = True
        return found
    found.attributes["PendingConfirmation"] = True
    found.attributes["ConfirmationWasAuthenticated"] = False
    found.token = secrets.token_hex(64)
    _ask(found)
    return found


def _ask(subscription: Any) -> None:
    """Send the request to confirm."""
    arn, number = subscription.topic.arn, str(uuid4())
    url = _address(subscription, "ConfirmSubscription", TopicArn=arn, Token=subscription.token)
    document = {
        "Type": "SubscriptionConfirmation",
        "MessageId": number,
        "Token": subscription.token,
        "Message": f"You have chosen to subscribe to the topic {arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": url,
    }
    body = json.dumps(_write(subscription, document), indent=2)
    _queue(subscription, "SubscriptionConfirmation", number, body)


def _answer(original: Any, response: Any) -> Any:
    """The identifier of a subscription that waits is told only to those who ask for it."""
    answer = original(response)
    found = response.backend.subscriptions[answer.result["SubscriptionArn"]]
    asked = str(response._get_param("ReturnSubscriptionArn")).lower() == "true"
    if not found.confirmed and not asked:
        answer.result["SubscriptionArn"] = _PENDING
    return answer


def _confirm(original: Any, response: Any) -> Any:
    topic, token = response._get_param("TopicArn"), response._get_param("Token")
    answer = original(response)
    for found in response.backend.subscriptions.values():
        if found.topic.arn == topic and token and getattr(found, "token", "") == token:
            found.confirmed = True
            found.attributes["PendingConfirmation"] = False
            answer.result["SubscriptionArn"] = found.arn
            return answer
    raise SNSInvalidParameter("Invalid parameter: Token")


def _list(original: Any, response: Any) -> Any:
    answer = original(response)
    answer.result["Subscriptions"] = [
        {
            "SubscriptionArn": found.arn if found.confirmed else "PendingConfirmation",
            "Owner": found.owner,
            "Protocol": found.protocol,
            "Endpoint": found.endpoint,
            "TopicArn": found.topic.arn,
        }
        for found in answer.result["Subscriptions"]
    ]
    return answer


def _write(subscription: Any, document: dict[str, Any]) -> dict[str, Any]:
    """A document with time, topic and signature."""
    topic = subscription.topic
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    whole = {**document, "TopicArn": topic.arn, "Timestamp": moment}
    version = str(getattr(topic, "signature_version", "") or "1")
    return {
        **whole,
        "SignatureVersion": version,
        "Signature": sign(notice_rules.text_to_sign(whole), version),
        "SigningCertURL": _front(subscription) + CERTIFICATE_PATH,
    }


def _queue(subscription: Any, kind: str, number: str, body: str, *, raw: bool = False) -> None:
    if len(_waiting) >= _MOST_WAITING:
        _counts["given up"] += 1
        return
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": number,
        "x-amz-sns-topic-arn": subscription.topic.arn,
    }
    if kind == "Notification":
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    notice = Notice(next(_numbers), _region(subscription), subscription.endpoint, body, headers)
    _waiting[notice.number] = notice


def _region(subscription: Any) -> str:
    return str(subscription.topic.sns_backend.region_name)


def _front(subscription: Any) -> str:
    """That of the topic's region; another region than the lab's has none, and sends nothing."""
    return _fronts.get(_region(subscription), "http://127.0.0.1:1")


def _address(subscription: Any, action: str, **query: str) -> str:
    words = "&".join(f"{name}={value}" for name, value in {"Action": action, **query}.items())
    return f"{_front(subscription)}/?{words}"
