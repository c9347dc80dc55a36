"""Route 53's health checks and zones under retries: caller references and versions count.

moto makes another one for each repeated request, and leaves out parts of an update.
"""

from typing import Any, Final

from moto.route53 import exceptions, models, responses

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.spec import Lab

_RESET: Final = {
    "ChildHealthChecks": "children",
    "FullyQualifiedDomainName": "fqdn",
    "Regions": "regions",
    "ResourcePath": "resource_path",
}
_used: dict[str, tuple[str, dict[str, Any]]] = {}


class Refused(exceptions.Route53ClientError):
    """By code and sentence."""


def install(_: Lab) -> None:
    """Look for the reference before anything is made, and for the version before it is changed."""
    wrap(models.Route53Backend, "create_hosted_zone")(_create_zone)
    wrap(models.Route53Backend, "create_health_check")(_create)
    wrap(models.Route53Backend, "delete_health_check")(_delete)
    wrap(responses.Route53, "update_health_check")(_update)


def _create_zone(original: Any, backend: Any, *given: Any, **named: Any) -> Any:
    reference = named.get("caller_reference")
    if reference and any(zone.caller_reference == reference for zone in backend.zones.values()):
        message = f"A hosted zone has already been created with the caller reference {reference}."
        raise Refused("HostedZoneAlreadyExists", message)
    return original(backend, *given, **named)


def _create(original: Any, backend: Any, reference: str, asked: dict[str, Any]) -> Any:
    """The same request again gets the same health check; another one is refused."""
    if reference in _used:
        identifier, before = _used[reference]
        found = backend.health_checks.get(identifier)
        if found is None or before != asked:
            message = f"A health check with the caller reference {reference} already exists."
            raise Refused("HealthCheckAlreadyExists", message)
        return found
    made = original(backend, reference, asked)
    _used[reference] = (made.id, dict(asked))
    return made


def _delete(original: Any, backend: Any, identifier: str) -> Any:
    backend.get_health_check(identifier)
    return original(backend, identifier)


def _update(original: Any, response: Any) -> Any:
    found = response.backend.get_health_check(response._get_param("HealthCheckId"))
    version = response._get_param("HealthCheckVersion")
    if version is not None and int(version) != found.health_check_version:
        message = f"The health check's version is {found.health_check_version}, not {version}."
        raise Refused("HealthCheckVersionMismatch", message)
    answer = original(response)
    search = response._get_param("SearchString")
    if search is not None:
        found.search_string = search
    for name in response._get_param("ResetElements", []):
        if name in _RESET:
            setattr(found, _RESET[name], None)
    found.health_check_version += 1
    return answer
