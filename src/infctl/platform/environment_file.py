"""The environment access file: where an environment's servers are, and as whom they are asked.

`$XDG_STATE_HOME/infctl/environments/NAME.json`; `infctl lab up` writes one, people write others.
"""

import ipaddress
import json
import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError

from infctl.errors import ConfigurationError
from infctl.model.names import is_name
from infctl.model.text import clean
from infctl.platform.outside import EndpointAccess, ProgramAccess, RouteAccess
from infctl.platform.sections.base import Name, Port, Section

LARGEST = 1024 * 1024


def _check_url(value: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("not http(s)://HOST[:PORT] without a user")
    return value


def _check_absolute(value: str) -> str:
    if not value.startswith("/") or "\0" in value:
        raise ValueError("not an absolute path")
    return value


def _check_address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError("not an IP address") from None
    return value


def _check_network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("not a network such as 198.18.93.0/24") from None
    return value


Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Network = Annotated[str, Field(max_length=49), AfterValidator(_check_network)]
Url = Annotated[str, Field(max_length=2048), AfterValidator(_check_url)]
AbsolutePath = Annotated[str, Field(max_length=4096), AfterValidator(_check_absolute)]


class CloudAccess(Section):
    """A cloud region; without an endpoint and keys the AWS SDK's own chain holds."""

    region: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")]
    endpoint: Url | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None


class RegionAccess(Section):
    """A region: its kubeconfig context, its Prometheus, its share of the cloud."""

    context: Annotated[str, Field(min_length=1, max_length=253)]
    prometheus: Url
    cloud: CloudAccess


class ResolverAccess(Section):
    """The name server that clients of the platform ask; without one this machine's."""

    address: Annotated[str, Field(max_length=45), AfterValidator(_check_address)]
    port: Port = 53


class FaultsAccess(Section):
    """The fault injector, where there is one."""

    socket: AbsolutePath


class Environment(Section):
    """How an environment is reached; `overlay` names its values in the platform file.

    `left_out` are regions of the platform file that this environment does without, on purpose: a
    region that is neither there nor in `regions` was forgotten, and is shown as unknown.
    `clients` are networks from which a load's clients in a country ask the name servers.
    """

    api_version: Literal["infctl.dev/v1"] = Field(alias="apiVersion")
    object_kind: Literal["Environment"] = Field(alias="kind")
    name: Name
    overlay: Name
    kind: Literal["sim", "staging", "prod"] = Field(alias="class")
    kubeconfig: AbsolutePath
    regions: Annotated[dict[Name, RegionAccess], Field(min_length=1, max_length=64)]
    left_out: Annotated[tuple[Name, ...], Field(max_length=64, strict=False)] = ()
    cloud: CloudAccess
    resolver: ResolverAccess | None = None
    clients: Annotated[dict[Country, Network], Field(max_length=300)] = Field(default_factory=dict)
    faults: FaultsAccess | None = None
    notifications: Annotated[dict[Name, RouteAccess], Field(max_length=64)] = Field(
        default_factory=dict
    )
    endpoints: Annotated[dict[Name, EndpointAccess], Field(max_length=64)] = Field(
        default_factory=dict
    )
    programs: Annotated[dict[Name, ProgramAccess], Field(max_length=64)] = Field(
        default_factory=dict
    )


def find_environment(folder: Path, name: str) -> Environment | None:
    """The environment of that name, None where it has no file; a wrong file is told."""
    if not is_name(name):
        raise ConfigurationError(f"{clean(name, limit=80)!r} cannot be the name of an environment")
    path = folder / f"{name}.json"
    if not path.exists() and not path.is_symlink():
        return None
    try:
        found = Environment.model_validate(_read(path))
    except ValidationError as error:
        raise _wrong(path, _explain(error)) from None
    if found.name != name:
        raise _wrong(path, f"is of the environment {found.name}")
    return found


def _read(path: Path) -> Any:
    try:
        # Opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise _wrong(path, "is larger than 1 MiB")
    try:
        return json.loads(raw, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, f"is not JSON: {clean(str(error), limit=100)}") from None


def _check_owner(path: Path, found: os.stat_result) -> None:
    """It names a kubeconfig and holds keys: nobody else may have written or may read it."""
    if not stat.S_ISREG(found.st_mode):
        raise _wrong(path, "is not a regular file")
    if found.st_uid not in (os.getuid(), 0):
        raise _wrong(path, "belongs to somebody else")
    if found.st_mode & 0o077:
        raise ConfigurationError(
            f"{path} can be read by others, and it holds keys", hint=f"chmod 600 {path}"
        )


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _explain(error: ValidationError) -> str:
    problems = [
        f"{clean('.'.join(map(str, e['loc'])) or 'file', limit=100)}: {clean(e['msg'], limit=120)}"
        for e in error.errors(include_input=False, include_url=False)[:5]
    ]
    return f"is wrong: {'; '.join(problems)}"


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} {what}", unchanged="nothing was asked", hint="infctl lab up writes a right one"
    )
