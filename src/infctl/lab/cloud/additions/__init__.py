"""What moto lacks or does otherwise than the vendor, added in moto's own process.

The only modules that know moto's insides. They run under the lock of their service (`orderly`), so
that what they read and then change is one act. What can be decided without moto is decided in the
pure modules beside this package: `replication_rules`, `retention`, `record_changes`.
"""

from collections.abc import Callable
from importlib import import_module

from infctl.lab.spec import Lab

_MODULES = {
    "cloudwatch": ("alarms",),
    "dynamodb": ("conditions",),
    "kms": ("keys",),
    "route53": ("records", "health_checks"),
    "s3": ("digests", "versions", "retentions", "bucket_keys", "replication"),
    "sns": ("notices",),
}
_installed: set[str] = set()


def install(service: str, lab: Lab) -> None:
    """Add to a service before its first request; a second time changes nothing."""
    for name in _MODULES.get(service, ()):
        if name not in _installed:
            _installed.add(name)
            added: Callable[[Lab], None] = import_module(f"{__name__}.{name}").install
            added(lab)
