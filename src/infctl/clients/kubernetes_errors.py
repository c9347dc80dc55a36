"""The one place where answers of a Kubernetes API become errors of ours."""

import json
import re
from typing import Any

from infctl.errors import Conflict, CredentialsError, InfctlError, Refused, Unreachable
from infctl.model.text import clean

_UNAUTHORIZED, _FORBIDDEN, _CONFLICT, _INVALID, _BUSY, _BROKEN = 401, 403, 409, 422, 429, 500
_MANAGER = re.compile(r'conflicts? with "((?:[^"\\]|\\.){1,200})"')
_LACKS_RIGHT = re.compile(r'User ".*" cannot ')
"""Admission forbids too, whoever asks: quotas, security levels, namespaces that end."""
_FENCED = re.compile(r"ValidatingAdmissionPolicy 'infctl-[a-z-]+' with binding")
"""The policies that `deploy` renders: the fence, its guard, and the authors of approvals."""
_LONGEST = 400


class Refusal(InfctlError):
    """The server refused with a status that has no error of its own; `status` is HTTP's."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what, unchanged="the object is as it was")
        self.status = status


def explain(region: str, status: int, body: str) -> InfctlError:
    """The error that a refusal stands for; texts of the server are cleaned and bounded."""
    answer = _parse(body)
    message = clean(str(answer.get("message") or f"{status} {body}"), limit=_LONGEST)
    if status == _UNAUTHORIZED:
        return CredentialsError(
            f"{region}: the Kubernetes API does not know who we are", hint="renew the credentials"
        )
    if status == _FORBIDDEN and _LACKS_RIGHT.search(message):
        return CredentialsError(f"{region}: {message}", unchanged="nothing was changed")
    causes = _causes(answer)
    managers = _managers(message, causes)
    if status == _CONFLICT and managers:
        fields = tuple(dict.fromkeys(clean(str(c.get("field", "")), limit=200) for c in causes))
        return Conflict(f"{region}: {message}", managers=managers, fields=fields)
    if status == _CONFLICT or _is_of_another_object(status, answer):
        return Conflict(f"{region}: {message}", unchanged="the object is as it was")
    if status == _BUSY and (told := _budget(answer)):
        return Refused(f"{region}: {message}{told}", unchanged="the pod runs on")
    if status == _INVALID and _FENCED.search(message):
        return Refused(f"{region}: {message}", unchanged="the object is as it was")
    if status == _BUSY or status >= _BROKEN:
        return Unreachable(f"{region}: the Kubernetes API answers {status}: {message}")
    return Refusal(f"{region}: {message}", status)


def _parse(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_of_another_object(status: int, answer: dict[str, Any]) -> bool:
    """A patch that holds the uid of an object which was deleted and made anew."""
    fields = [cause.get("field") for cause in _all_causes(answer)]
    return status == _INVALID and fields == ["metadata.uid"]


def _budget(answer: dict[str, Any]) -> str:
    """What a disruption budget that stands in an eviction's way says; empty where none does."""
    causes = [c for c in _all_causes(answer) if c.get("reason") == "DisruptionBudget"]
    return "".join(f" {clean(str(c.get('message', '')), limit=200)}" for c in causes)


def _causes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for c in _all_causes(answer) if c.get("reason") == "FieldManagerConflict"]


def _all_causes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    details = answer.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [c for c in causes if isinstance(c, dict)] if isinstance(causes, list) else []


def _managers(message: str, causes: list[dict[str, Any]]) -> tuple[str, ...]:
    texts = [str(c.get("message", "")) for c in causes] or [message]
    found = [clean(name, limit=128) for text in texts for name in _MANAGER.findall(text)]
    return tuple(dict.fromkeys(found))
