"""What people type with the AWS CLI, and what they see: one step a command, by service.

`sees` is a pattern in what is printed; `keep` names the printed word for later steps as {name};
With an @ before its name it is base64, and {name} is a file of what it says. `code` is the exit
code.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One command, without its first word."""

    command: str
    sees: str = ""
    keep: str = ""
    code: int = 0


_SET = (
    '{{"Changes": [{{"Action": "{action}", "ResourceRecordSet": {{"Name": "{name}.walk.test", '
    '"Type": "A", "SetIdentifier": "{region}", "Weight": {weight}, "TTL": 20, '
    '"ResourceRecords": [{{"Value": "127.9.8.7"}}]}}}}]}}'
)


def _batch(action: str, name: str, region: str = "eu", weight: int = 100) -> str:
    """Braces are doubled once more: steps are filled in with what was kept."""
    text = _SET.format(action=action, name=name, region=region, weight=weight)
    return "'" + text.replace("{", "{{").replace("}", "}}") + "'"


_CHANGE = "route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch "
_ZONE = "route53 create-hosted-zone --name walk.test --caller-reference walk-{run}"

SHORT = (
    Step("sts get-caller-identity --query Account --output text", r"^\d{12}$"),
    Step(f"{_ZONE} --query HostedZone.Id --output text", "^/hostedzone/", keep="zone"),
    Step(_CHANGE + _batch("CREATE", "vision"), "INSYNC"),
    Step(_CHANGE + _batch("CREATE", "vision"), "already exists", code=255),
    Step("s3 mb s3://walk-{run}", "make_bucket"),
    Step("s3 cp {file} s3://walk-{run}/models/a", "upload:"),
    Step("s3 ls s3://walk-{run}/models/", r"\d+ a$"),
    Step("kms create-key --query KeyMetadata.KeyId --output text", "^[0-9a-f-]{{36}}$", keep="key"),
    Step(
        "dynamodb create-table --table-name walk-{run} --billing-mode PAY_PER_REQUEST "
        "--key-schema AttributeName=k,KeyType=HASH "
        "--attribute-definitions AttributeName=k,AttributeType=S",
        "ACTIVE",
    ),
    Step(
        'dynamodb put-item --table-name walk-{run} --item \'{{"k": {{"S": "lock"}}}}\' '
        "--condition-expression 'attribute_not_exists(k)'"
    ),
    Step(
        'dynamodb put-item --table-name walk-{run} --item \'{{"k": {{"S": "lock"}}}}\' '
        "--condition-expression 'attribute_not_exists(k)'",
        "ConditionalCheckFailedException",
        code=255,
    ),
    Step("sns create-topic --name walk-{run} --query TopicArn --output text", "^arn:aws:sns:"),
)

WHOLE = {
    "route53": (
        Step(f"{_ZONE}-2 --query HostedZone.Id --output text", "^/hostedzone/", keep="zone"),
        Step("route53 list-hosted-zones-by-name --dns-name walk.test", '"walk.test."'),
        Step(_CHANGE + _batch("CREATE", "vision"), "INSYNC"),
        Step(_CHANGE + _batch("CREATE", "wine"), "INSYNC"),
        Step(_CHANGE + _batch("UPSERT", "vision", weight=0), "INSYNC"),
        Step(_CHANGE + _batch("UPSERT", "vision", weight=256), "Weight must be", code=255),
        Step(_CHANGE + _batch("DELETE", "vision"), "do not match the current", code=255),
        Step(_CHANGE + _batch("DELETE", "vision", weight=0), "INSYNC"),
        Step(
            "route53 list-resource-record-sets --hosted-zone-id {zone} --output text "
            "--query \"ResourceRecordSets[?Type=='A'].Name\"",
            r"^wine\.walk\.test\.$",
        ),
        Step("route53 get-change --id C2682N5HXP0BZ4 --query ChangeInfo.Status", "INSYNC"),
        Step(
            "route53 create-health-check --caller-reference walk-{run} --health-check-config "
            "Type=TCP,IPAddress=127.0.0.1,Port=1,RequestInterval=10,FailureThreshold=1 "
            "--query HealthCheck.Id --output text",
            "^[0-9a-f-]{{36}}$",
            keep="check",
        ),
        Step(
            "route53 update-health-check --health-check-id {check} --inverted", '"Inverted": true'
        ),
        Step("route53 get-health-check-status --health-check-id {check}", "HealthCheckObserv"),
        Step(
            "route53 test-dns-answer --hosted-zone-id {zone} --record-name wine.walk.test "
            "--record-type A",
            "127.9.8.7",
        ),
        Step("route53 delete-health-check --health-check-id {check}"),
        Step("route53 delete-hosted-zone --id {zone}", "HostedZoneNotEmpty", code=255),
        Step(_CHANGE + _batch("DELETE", "wine"), "INSYNC"),
        Step("route53 delete-hosted-zone --id {zone}", "ChangeInfo"),
    ),
    "s3": (
        Step("s3 mb s3://walk-s3-{run}", "make_bucket"),
        Step(
            "s3api put-bucket-versioning --bucket walk-s3-{run} "
            "--versioning-configuration Status=Enabled"
        ),
        Step("s3 sync {folder} s3://walk-s3-{run}/models", "upload:"),
        Step(
            "s3api head-object --bucket walk-s3-{run} --key models/file --output text "
            "--query VersionId",
            "^[0-9a-f-]{{36}}$",
            keep="version",
        ),
        Step("s3 rm s3://walk-s3-{run}/models/file", "delete:"),
        Step("s3 cp s3://walk-s3-{run}/models/file -", "404", code=1),
        Step(
            "s3api get-object --bucket walk-s3-{run} --key models/file --version-id {version} "
            "{file}.back",
            "ContentLength",
        ),
        Step("s3 presign s3://walk-s3-{run}/models/file", "Signature="),
        Step("s3 rb s3://walk-s3-{run}", "BucketNotEmpty", code=1),
        Step(
            "s3api create-bucket --bucket walk-lock-{run} --object-lock-enabled-for-bucket",
            "walk-lock",
        ),
        Step(
            "s3api put-object --bucket walk-lock-{run} --key k --body {file} "
            "--object-lock-mode GOVERNANCE --object-lock-retain-until-date 2100-01-01T00:00:00Z "
            "--query VersionId --output text",
            "^[0-9a-f-]{{36}}$",
            keep="locked",
        ),
        Step(
            "s3api delete-object --bucket walk-lock-{run} --key k --version-id {locked}",
            "AccessDenied",
            code=255,
        ),
        Step(
            "s3api delete-object --bucket walk-lock-{run} --key k --version-id {locked} "
            "--bypass-governance-retention",
            "VersionId",
        ),
        Step("s3 rb s3://walk-lock-{run}", "remove_bucket"),
    ),
    "kms": (
        Step(
            "kms create-key --multi-region --query KeyMetadata.KeyId --output text",
            "^mrk-[0-9a-f]{{32}}$",
            keep="key",
        ),
        Step("kms create-alias --alias-name alias/walk-{run} --target-key-id {key}"),
        Step("kms replicate-key --key-id {key} --replica-region eu-west-1", '"REPLICA"'),
        Step(
            "kms encrypt --key-id alias/walk-{run} --plaintext hello --output text "
            "--query CiphertextBlob",
            keep="@blob",
        ),
        Step(
            "kms decrypt --region eu-west-1 --ciphertext-blob fileb://{blob} --output text "
            "--query Plaintext",
            "^aGVsbG8=$",
        ),
        Step("kms disable-key --key-id {key}"),
        Step("kms decrypt --ciphertext-blob fileb://{blob}", "DisabledException", code=255),
        Step("kms schedule-key-deletion --key-id {key} --pending-window-in-days 7", "DeletionDate"),
    ),
    "dynamodb": (
        Step(
            "dynamodb create-table --table-name walk-db-{run} --billing-mode PAY_PER_REQUEST "
            "--key-schema AttributeName=k,KeyType=HASH "
            "--attribute-definitions AttributeName=k,AttributeType=S",
            "ACTIVE",
        ),
        Step(
            'dynamodb transact-write-items --transact-items \'[{{"Put": {{"TableName": '
            '"walk-db-{run}", "Item": {{"k": {{"S": "a"}}, "n": {{"N": "1"}}}}, '
            '"ConditionExpression": "attribute_not_exists(k)"}}}}]\''
        ),
        Step(
            'dynamodb update-item --table-name walk-db-{run} --key \'{{"k": {{"S": "a"}}}}\' '
            "--update-expression 'ADD n :one' --return-values UPDATED_NEW "
            '--expression-attribute-values \'{{":one": {{"N": "1"}}}}\'',
            '"2"',
        ),
        Step(
            'dynamodb transact-write-items --transact-items \'[{{"Put": {{"TableName": '
            '"walk-db-{run}", "Item": {{"k": {{"S": "b"}}}}}}}}, '
            '{{"ConditionCheck": {{"TableName": "walk-db-{run}", "Key": '
            '{{"k": {{"S": "a"}}}}, "ConditionExpression": "n = :n", '
            '"ExpressionAttributeValues": {{":n": {{"N": "9"}}}}}}}}]\'',
            "TransactionCanceledException",
            code=255,
        ),
        Step("dynamodb scan --table-name walk-db-{run} --query Count", "^1$"),
        Step("dynamodb delete-table --table-name walk-db-{run}", "walk-db"),
    ),
    "others": (
        Step(
            "sts assume-role --role-arn arn:aws:iam::123456789012:role/r --role-session-name walk",
            "SessionToken",
        ),
        Step("sns create-topic --name walk-o-{run} --query TopicArn --output text", keep="topic"),
        Step(
            "sns subscribe --topic-arn {topic} --protocol http "
            "--notification-endpoint {front}/_infctl/inbox/walk",
            "pending confirmation",
        ),
        Step("sns publish --topic-arn {topic} --message hello", "MessageId"),
        Step(
            "cloudwatch put-metric-data --namespace walk --metric-name lag --value 3 --unit Seconds"
        ),
        Step("cloudwatch list-metrics --namespace walk", '"lag"'),
        Step(
            "cloudwatch put-metric-alarm --alarm-name walk-{run} --namespace walk "
            "--metric-name lag --threshold 1 --comparison-operator GreaterThanThreshold "
            "--evaluation-periods 1 --period 60 --statistic Maximum"
        ),
        Step("cloudwatch describe-alarms --alarm-names walk-{run}", "walk-"),
    ),
}
