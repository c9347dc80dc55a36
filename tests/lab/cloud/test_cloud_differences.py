"""Where the lab's cloud is not the vendor's, held to what docs/lab-cloud.md says of it."""

import json
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/operator"


@pytest.fixture(scope="module")
def route53(running: Any) -> Any:
    return running.client("route53")


@pytest.fixture(scope="module")
def zone(route53: Any) -> str:
    made = route53.create_hosted_zone(Name="differs.test", CallerReference="differs")
    return str(made["HostedZone"]["Id"])


def change(route53: Any, zone: str, action: str, name: str) -> dict[str, Any]:
    found = {
        "Name": f"{name}.differs.test",
        "Type": "A",
        "SetIdentifier": "eu-west-1",
        "Weight": 1,
        "TTL": 60,
        "ResourceRecords": [{"Value": "127.9.1.1"}],
    }
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": found}]}
    made = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    return dict(made["ChangeInfo"])


def test_deleting_a_record_set_leaves_others_with_its_set_identifier(
    route53: Any, zone: str
) -> None:
    """moto deletes every record set with the same SetIdentifier, whatever its name."""
    for name in ("vision", "wine"):
        change(route53, zone, "CREATE", name)
    change(route53, zone, "DELETE", "vision")
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [item["Name"] for item in found if item["Type"] == "A"] == ["wine.differs.test."]


def test_a_change_is_in_sync_at_once(route53: Any, zone: str) -> None:
    assert change(route53, zone, "UPSERT", "sync")["Status"] == "INSYNC"


def test_an_object_that_nobody_encrypts_has_no_header_of_encryption(running: Any) -> None:
    s3 = running.client("s3", "us-east-1", at="us-east-1")
    s3.create_bucket(Bucket="plain-objects")
    s3.put_object(Bucket="plain-objects", Key="k", Body=b"x")
    assert "ServerSideEncryption" not in s3.head_object(Bucket="plain-objects", Key="k")


def test_a_key_policy_that_allows_nobody_lets_everybody_encrypt(running: Any) -> None:
    kms = running.client("kms", "us-east-1", at="us-east-1")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:user/other"},
        "Action": "kms:Describe*",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_an_expired_item_stays(running: Any) -> None:
    dynamodb = running.client("dynamodb", "us-east-1", at="us-east-1")
    dynamodb.create_table(
        TableName="expiring",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    expiry = {"Enabled": True, "AttributeName": "until"}
    dynamodb.update_time_to_live(TableName="expiring", TimeToLiveSpecification=expiry)
    dynamodb.put_item(TableName="expiring", Item={"k": {"S": "x"}, "until": {"N": "1"}})
    assert "Item" in dynamodb.get_item(TableName="expiring", Key={"k": {"S": "x"}})


def test_any_code_is_taken_for_a_second_factor(running: Any) -> None:
    sts = running.client("sts")
    made = sts.assume_role(
        RoleArn=ROLE,
        RoleSessionName="operator",
        SerialNumber="arn:aws:iam::123456789012:mfa/me",
        TokenCode="000000",
    )
    assert made["Credentials"]["SessionToken"]


def test_an_alarm_keeps_the_state_that_it_was_given(running: Any) -> None:
    cloudwatch = running.client("cloudwatch", "us-east-1", at="us-east-1")
    cloudwatch.put_metric_alarm(
        AlarmName="lag",
        Namespace="lab",
        MetricName="lag",
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Maximum",
    )
    cloudwatch.put_metric_data(Namespace="lab", MetricData=[{"MetricName": "lag", "Value": 9.0}])

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["lag"])["MetricAlarms"][0]["StateValue"])

    assert state() == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="lag", StateValue="ALARM", StateReason="by hand")
    assert state() == "ALARM"
