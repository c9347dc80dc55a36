"""CloudWatch alarms that are set by hand notify their topics, as they do to rehearse with.

moto keeps the state and tells nobody. Alarms are not evaluated here: a new one has no data.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from moto.cloudwatch import models
from moto.sns import models as sns
from moto.sns.exceptions import SNSNotFoundError, TopicNotFound

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.spec import Lab

_ACTIONS: Final = {
    "ALARM": "alarm_actions",
    "OK": "ok_actions",
    "INSUFFICIENT_DATA": "insufficient_data_actions",
}
_TOPIC: Final = "arn:aws:sns:"


def install(_: Lab) -> None:
    """Around what changes an alarm's state."""
    wrap(models.CloudWatchBackend, "put_metric_alarm")(_put)
    wrap(models.Alarm, "update_state")(_update)


def _put(original: Any, backend: Any, **named: Any) -> Any:
    before = backend.alarms.get(named["name"])
    alarm = original(backend, **named)
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        alarm.history = before.history
    return alarm


def _update(original: Any, alarm: Any, reason: str, reason_data: str, state_value: str) -> None:
    old = alarm.state_value
    original(alarm, reason, reason_data, state_value)
    if old == state_value or not alarm.actions_enabled:
        return
    for action in getattr(alarm, _ACTIONS[state_value]) or ():
        if action.startswith(_TOPIC):
            _publish(action, alarm, old)


def _publish(topic: str, alarm: Any, old: str) -> None:
    """A topic that is gone is no fault of who sets the alarm; the vendor only notes it."""
    region, account = topic.split(":")[3:5]
    subject = f'{alarm.state_value}: "{alarm.name}" in {alarm.region_name}'
    try:
        sns.sns_backends[account][region].publish(
            json.dumps(_describe(alarm, account, old)), topic, subject=subject[:100]
        )
    except (SNSNotFoundError, TopicNotFound):
        alarm.history.append(("Action", "the topic is not there", "{}", old, datetime.now(UTC)))


def _describe(alarm: Any, account: str, old: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmArn": alarm.alarm_arn,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "OldStateValue": old,
        "StateChangeTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "Region": alarm.region_name,
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Statistic": alarm.statistic,
            "Period": alarm.period,
            "EvaluationPeriods": alarm.evaluation_periods,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": alarm.threshold,
            "Dimensions": [{"name": d.name, "value": d.value} for d in alarm.dimensions],
        },
    }
