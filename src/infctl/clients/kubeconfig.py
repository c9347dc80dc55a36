"""Vets a kubeconfig before the SDK loads it: the SDK runs commands and reads any file it names.

What is handed on is one context's cluster and user, with known keys only.
"""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infctl.errors import ConfigurationError
from infctl.model.names import nearest
from infctl.model.text import clean

LARGEST = 1024 * 1024
CLUSTER_KEYS = ("server", "certificate-authority", "certificate-authority-data", "tls-server-name")
USER_KEYS = (
    "token",
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "exec",
)
FILES = ("certificate-authority", "client-certificate", "client-key")
COMMANDS = ("aws", "aws-iam-authenticator", "gke-gcloud-auth-plugin", "kubelogin")
"""Credential plugins of the clouds; by bare name, as PATH has them."""
VARIABLES = ("AWS_", "AZURE_", "AAD_", "GOOGLE_", "CLOUDSDK_", "USE_GKE_")
"""Beginnings of what may be set for them; PATH or LD_PRELOAD would run something else."""

Config = dict[str, Any]


def read_context(path: Path, context: str) -> Config:
    """A kubeconfig that holds nothing but `context`, vetted; else a ConfigurationError."""
    config = _parse(path)
    wanted = _named(config, "contexts", context, path)["context"]
    cluster = _named(config, "clusters", _text(wanted, "cluster", path), path)
    user = _named(config, "users", _text(wanted, "user", path), path)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "clusters": [{"name": context, "cluster": _vet_cluster(cluster["cluster"], path)}],
        "users": [{"name": context, "user": _vet_user(user["user"], path)}],
    }


def _parse(path: Path) -> Config:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(_read(path))
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from None
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        raise _wrong(path, "is not YAML") from None
    if not isinstance(found, dict):
        raise _wrong(path, "is not a mapping")
    return found


def _read(path: Path) -> str:
    # Opening a pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise _wrong(path, "is no regular file")
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise _wrong(path, f"is larger than {LARGEST} bytes")
    return raw.decode()


def _named(config: Config, key: str, name: str, path: Path) -> Config:
    entries = config.get(key)
    found = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    for entry in found:
        if entry.get("name") == name and isinstance(entry.get(key[:-1]), dict):
            return entry
    known = [str(e.get("name")) for e in found]
    close = nearest(name, known)
    hint = f"did you mean {clean(close, limit=80)}?" if close else "kubectl config get-contexts"
    raise ConfigurationError(f"{path} has no {key[:-1]} {clean(name, limit=80)}", hint=hint)


def _text(entry: Any, key: str, path: Path) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(path, f"has a context without {key}")
    return value


def _vet_cluster(cluster: Mapping[str, Any], path: Path) -> Config:
    if cluster.get("insecure-skip-tls-verify"):
        raise _wrong(path, "says insecure-skip-tls-verify; infctl verifies every server")
    _refuse_unknown(cluster, CLUSTER_KEYS, path)
    _check_texts(cluster, CLUSTER_KEYS, path)
    if not _is_https(cluster.get("server", "")):
        raise _wrong(path, "has a server that is not https://HOST")
    return _absolute({key: cluster[key] for key in CLUSTER_KEYS if key in cluster}, path)


def _vet_user(user: Mapping[str, Any], path: Path) -> Config:
    _refuse_unknown(user, USER_KEYS, path)
    _check_texts(user, USER_KEYS, path)
    if "exec" in user:
        _vet_exec(user["exec"], path)
    return _absolute(dict(user), path)


def _absolute(entry: Config, path: Path) -> Config:
    """Files are named relative to the kubeconfig, as kubectl has it."""
    for key in FILES:
        if key in entry:
            entry[key] = str(path.parent / str(entry[key]))
    return entry


def _vet_exec(plugin: Any, path: Path) -> None:
    command = plugin.get("command") if isinstance(plugin, Mapping) else None
    if command not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise _wrong(path, f"would run {clean(str(command), limit=80)}; infctl runs only {known}")
    arguments, variables = plugin.get("args") or [], plugin.get("env") or []
    if not isinstance(arguments, list) or not all(isinstance(a, str) for a in arguments):
        raise _wrong(path, "has exec.args that are no list of texts")
    if not isinstance(variables, list) or not all(_is_variable(v) for v in variables):
        raise _wrong(path, "has exec.env that is no list of names and values")
    for variable in variables:
        if not variable["name"].startswith(VARIABLES):
            name = clean(variable["name"], limit=80)
            raise _wrong(path, f"would set {name} for a plugin; infctl sets only those of a cloud")


def _is_variable(found: Any) -> bool:
    return (
        isinstance(found, Mapping)
        and set(found) == {"name", "value"}
        and all(isinstance(value, str) for value in found.values())
    )


def _is_https(address: str) -> bool:
    try:
        server = urlsplit(address)
        return server.scheme == "https" and bool(server.hostname) and not server.username
    except ValueError:
        return False


def _check_texts(entry: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    """Values go into headers and file names: texts, without a line's end or a NUL."""
    for key in known:
        value = entry.get(key, "")
        if isinstance(value, str) and key.endswith("-data"):
            value = value.replace("\n", "")
        if key != "exec" and (not isinstance(value, str) or not value.isprintable()):
            raise _wrong(path, f"has a {key} that is no plain text")


def _refuse_unknown(entry: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    ignored = ("extensions", "disable-compression")
    for key in entry:
        if key not in known and key not in ignored:
            raise _wrong(path, f"holds {clean(str(key), limit=80)}, which infctl does not follow")


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the kubeconfig {path} {what}", unchanged="no server was asked", hint="kubectl config view"
    )
