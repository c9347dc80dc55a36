"""SNS over HTTP: confirmed first, signed, delivered by the topic's region, and tried again."""

import base64
import itertools
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from running_cloud import wait_until

from infctl.lab import addresses
from infctl.lab.cloud.notice_rules import text_to_sign

REGION = "eu-west-1"
_names = itertools.count(1)


@pytest.fixture(scope="module")
def sns(running: Any) -> Any:
    return running.client("sns", REGION, at=REGION)


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name=f"topic-{next(_names)}")["TopicArn"])


def read(running: Any, path: str) -> Any:
    url = f"http://{running.lab.shared('cloud')}:{addresses.CLOUD_PORT}/_infctl/{path}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


class Box:
    """A box of the lab's receiver."""

    def __init__(self, running: Any) -> None:
        self.running, self.name = running, f"box-{next(_names)}"
        host = running.lab.shared("cloud")
        self.url = f"http://{host}:{addresses.CLOUD_PORT}/_infctl/inbox/{self.name}"

    def notices(self, kind: str = "Notification") -> list[dict[str, Any]]:
        found = read(self.running, f"inbox/{self.name}")["notices"]
        return [n for n in found if n["headers"]["x-amz-sns-message-type"] == kind]

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(notice["body"]) for notice in self.notices()]


@pytest.fixture
def box(running: Any) -> Box:
    return Box(running)


def becomes(state: Callable[[], Any], wanted: Any) -> None:
    assert wait_until(lambda: state() == wanted, 10), state()


def subscribe(sns: Any, topic: str, box: Box, **attributes: str) -> str:
    """A subscription that its receiver has confirmed."""
    found = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=box.url,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]

    def waits() -> str:
        told = sns.get_subscription_attributes(SubscriptionArn=found)["Attributes"]
        return str(told["PendingConfirmation"])

    becomes(waits, "false")
    return str(found)


def test_a_subscription_waits_until_its_receiver_confirms_it(
    running: Any, sns: Any, topic: str, box: Box
) -> None:
    found = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=box.url)
    assert found["SubscriptionArn"] == "pending confirmation"

    def listed() -> str:
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return str(subscriptions[0]["SubscriptionArn"])

    becomes(lambda: listed().startswith(topic), True)
    asked = json.loads(box.notices("SubscriptionConfirmation")[0]["body"])
    assert {"Token", "SubscribeURL", "Signature", "SigningCertURL"} <= set(asked)
    with pytest.raises(ClientError, match="InvalidParameter"):
        sns.confirm_subscription(TopicArn=topic, Token="wrong")


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notice_arrives_with_a_signature_that_can_be_verified(
    running: Any, sns: Any, topic: str, box: Box, version: str
) -> None:
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version
    )
    subscription = subscribe(sns, topic, box)
    attributes = {"severity": {"DataType": "String", "StringValue": "page"}}
    sent = sns.publish(
        TopicArn=topic, Subject="S", Message="text\nü", MessageAttributes=attributes
    )["MessageId"]
    becomes(lambda: [found["MessageId"] for found in box.documents()], [sent])
    document = box.documents()[0]
    assert (document["Subject"], document["Message"]) == ("S", "text\nü")
    assert document["MessageAttributes"]["severity"] == {"Type": "String", "Value": "page"}
    assert document["SignatureVersion"] == version
    assert box.notices()[0]["headers"]["x-amz-sns-subscription-arn"] == subscription
    with urllib.request.urlopen(document["SigningCertURL"], timeout=5) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        base64.b64decode(document["Signature"]),
        text_to_sign(document).encode(),
        padding.PKCS1v15(),
        hashes.SHA256() if version == "2" else hashes.SHA1(),  # noqa: S303
    )


def test_an_alarm_that_is_set_notifies_the_topic_of_its_new_state(
    running: Any, sns: Any, topic: str, box: Box
) -> None:
    cloudwatch = running.client("cloudwatch", REGION, at=REGION)
    subscribe(sns, topic, box)
    cloudwatch.put_metric_alarm(
        AlarmName="lag",
        Namespace="lab",
        MetricName="lag",
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Maximum",
        AlarmActions=[topic, topic + "-gone"],
    )
    for state in ("ALARM", "ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName="lag", StateValue=state, StateReason="by hand")
    becomes(lambda: len(box.documents()), 1)
    document = box.documents()[0]
    told = json.loads(document["Message"])
    assert document["Subject"] == f'ALARM: "lag" in {REGION}'
    assert (told["OldStateValue"], told["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert told["Trigger"]["MetricName"] == "lag"


def test_the_link_to_unsubscribe_ends_a_subscription(sns: Any, topic: str, box: Box) -> None:
    subscribe(sns, topic, box)
    sns.publish(TopicArn=topic, Message="x")
    becomes(lambda: len(box.documents()), 1)
    with urllib.request.urlopen(box.documents()[0]["UnsubscribeURL"], timeout=5) as answer:
        assert answer.status == 200
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_filter_and_raw_delivery_do_as_the_subscription_says(
    sns: Any, topic: str, box: Box
) -> None:
    policy = json.dumps({"severity": ["page"]})
    subscribe(sns, topic, box, FilterPolicy=policy, RawMessageDelivery="true")
    for word in ("log", "page"):
        attributes = {"severity": {"DataType": "String", "StringValue": word}}
        sns.publish(TopicArn=topic, Message=word, MessageAttributes=attributes)
    becomes(lambda: [notice["body"] for notice in box.notices()], ["page"])


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("http", "http://192.0.2.1/x"),
        ("http", "http://example.com/x"),
        ("https", "https://127.0.0.1/x"),
        ("http", "https://127.0.0.1/x"),
        ("http", "127.0.0.1"),
    ],
)
def test_an_endpoint_that_the_lab_does_not_deliver_to_is_refused(
    sns: Any, topic: str, protocol: str, endpoint: str
) -> None:
    with pytest.raises(ClientError, match="InvalidParameter"):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


def test_publishing_does_not_wait_for_an_endpoint_that_is_not_there(
    running: Any, sns: Any, topic: str
) -> None:
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:1/x")
    sns.publish(TopicArn=topic, Message="x")

    def tries() -> list[int]:
        waiting = read(running, "notices")["waiting"]
        return [n["tries"] for n in waiting if n["endpoint"] == "http://127.0.0.1:1/x"]

    becomes(lambda: tries() >= [2], True)


def test_a_lost_region_delivers_its_notices_when_it_is_back(
    running: Any, sns: Any, topic: str, box: Box
) -> None:
    subscribe(sns, topic, box)
    running.stop(f"cloud-{REGION}")
    try:
        directly = running.client("sns", REGION)
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            directly.publish(TopicArn=topic, Message="lost")
    finally:
        running.start(f"cloud-{REGION}")
    sns.publish(TopicArn=topic, Message="found")
    becomes(lambda: [found["Message"] for found in box.documents()], ["found"])
