"""KMS: a key that is disabled or about to be deleted serves nobody, and a replica is its own key.

moto encrypts and decrypts with any key, replicates keys of one region, and lets a replica share the
aliases and the description of its primary.
"""

from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.kms import models, responses

from infctl.lab.cloud.additions.methods import wrap
from infctl.lab.spec import Lab

# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_BY_KEY: Final = ("encrypt", "sign", "verify", "generate_mac", "verify_mac")


def install(_: Lab) -> None:
    """Look at the state of a key before it is used."""
    for name in _BY_KEY:
        wrap(models.KmsBackend, name)(_use)
    wrap(models.KmsBackend, "decrypt")(_decrypt)
    wrap(models, "generate_key_id")(_identify)
    wrap(responses.KmsResponse, "_validate_cmk_id")(_validate)
    for name in ("enable_key", "disable_key"):
        wrap(models.KmsBackend, name)(_switch)
    for name in ("schedule_key_deletion", "cancel_key_deletion"):
        wrap(models.KmsBackend, name)(_by_name)
    wrap(models.KmsBackend, "replicate_key")(_replicate)
    wrap(models.KmsBackend, "describe_key")(_describe)


def _identify(original: Any, multi_region: bool = False) -> str:
    """moto's identifiers of multi-Region keys are too long for its own ciphertexts."""
    found = str(original(multi_region))
    return "mrk-" + found.removeprefix("mrk-").replace("-", "") if multi_region else found


def _validate(original: Any, response: Any, key_id: str) -> None:
    """Those shorter identifiers are none to moto."""
    if response.kms_backend.get_key_id(key_id) not in response.kms_backend.keys:
        original(response, key_id)


def find_fault(key: Any) -> tuple[str, str] | None:
    """Code and sentence where a key cannot be used in its state."""
    if key.key_state == "Disabled":
        return "DisabledException", f"{key.arn} is disabled."
    if key.key_state != "Enabled":
        return "KMSInvalidStateException", f"{key.arn} is pending deletion."
    return None


def _check(key: Any) -> None:
    fault = find_fault(key)
    if fault:
        raise JsonRESTError(*fault)


def _use(original: Any, backend: Any, *given: Any, **named: Any) -> Any:
    wanted = named["key_id"] if "key_id" in named else given[0]
    key = backend.keys.get(backend.any_id_to_key_id(wanted))
    if key is not None:
        _check(key)
    return original(backend, *given, **named)


def _decrypt(original: Any, backend: Any, *given: Any, **named: Any) -> Any:
    """Which key it was only the ciphertext says."""
    plaintext, arn = original(backend, *given, **named)
    _check(backend.keys[backend.get_key_id(arn)])
    return plaintext, arn


def _switch(original: Any, backend: Any, key_id: str) -> Any:
    key = backend.keys[backend.get_key_id(key_id)]
    if key.key_state == "PendingDeletion":
        _check(key)
    return original(backend, key.id)


def _by_name(original: Any, backend: Any, key_id: str, *given: Any, **named: Any) -> Any:
    """moto knows these by the identifier alone, the vendor by the key's ARN as well."""
    return original(backend, backend.get_key_id(key_id), *given, **named)


def _replicate(original: Any, backend: Any, key_id: str, replica_region: str) -> Any:
    key = backend.keys[backend.get_key_id(key_id)]
    if not key.multi_region or key.arn != key.multi_region_configuration["PrimaryKey"]["Arn"]:
        raise JsonRESTError("UnsupportedOperationException", f"{key.arn} is no primary key.")
    _check(key)
    if key.id in models.kms_backends[backend.account_id][replica_region].keys:
        message = f"{key.id} already exists in {replica_region}."
        raise JsonRESTError("AlreadyExistsException", message)
    replica = original(backend, key.id, replica_region)
    replica.aliases, replica.grants = {}, {}
    _say_type(key)
    _say_type(replica)
    return replica


def _describe(original: Any, backend: Any, key_id: str) -> Any:
    key = original(backend, key_id)
    _say_type(key)
    return key


def _say_type(key: Any) -> None:
    """Primary and replicas share one list of replicas, but not the word that tells them apart."""
    if key.multi_region:
        shared = key.multi_region_configuration
        kind = "PRIMARY" if key.arn == shared["PrimaryKey"]["Arn"] else "REPLICA"
        key.multi_region_configuration = {**shared, "MultiRegionKeyType": kind}
