"""Who may log in: names, groups, passwords and second factors, made at random once per lab."""

import base64
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from infctl.lab.errors import LabError
from infctl.lab.identity import files
from infctl.lab.spec import Lab

ON_CALL = "on-call"
"""The group whose members may ask for elevated tokens."""
_FACTOR_BYTES = 20
_PEOPLE: dict[str, tuple[tuple[str, ...], bool]] = {
    "viewer": (("viewers",), False),
    "operator": (("operators",), True),
    "second-operator": (("operators",), True),
    "on-call": (("operators", ON_CALL), True),
}
"""Each one's groups, and whether there is a second factor."""


@dataclass(frozen=True, slots=True)
class Person:
    """`factor` is the TOTP secret in base 32; "" where there is no second factor."""

    name: str
    groups: tuple[str, ...]
    password: str
    factor: str = ""

    @property
    def may_elevate(self) -> bool:
        """Whether elevated tokens may be asked for at all."""
        return ON_CALL in self.groups and bool(self.factor)


def ensure(lab: Lab) -> None:
    """Write the people where they are missing."""
    if not path(lab).exists():
        files.write(path(lab), [asdict(_make(name)) for name in _PEOPLE])


def _make(name: str) -> Person:
    groups, has_factor = _PEOPLE[name]
    factor = base64.b32encode(secrets.token_bytes(_FACTOR_BYTES)).decode() if has_factor else ""
    return Person(name, groups, secrets.token_urlsafe(12), factor)


def path(lab: Lab) -> Path:
    """The file of the people; it may be edited, and is read when the issuer starts."""
    return files.folder(lab) / "people.json"


def read(lab: Lab) -> dict[str, Person]:
    """Everybody by name; LabError where the file is not what it should be."""
    found = files.read(path(lab))
    try:
        people = [Person(**{**entry, "groups": tuple(entry["groups"])}) for entry in found]
        for person in people:
            base64.b32decode(person.factor)
    except (TypeError, KeyError, ValueError) as error:
        raise LabError(
            f"{path(lab)} is no list of people with name, groups, password and factor",
            "mend it, or remove it: it is then written anew when the lab starts",
        ) from error
    return {person.name: person for person in people}
